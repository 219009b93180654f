//go:build tools

// Package kube pins an API server of Kubernetes, and the etcd that it keeps its objects in.
package kube

import (
	_ "go.etcd.io/etcd/server/v3"
	_ "k8s.io/kubernetes/cmd/kube-apiserver"
)
