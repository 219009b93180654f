//go:build tools

// Package plugin pins Docker Compose, whose module cannot be installed by name, for its go.mod excludes versions.
package plugin

import _ "github.com/docker/compose/v2/cmd"
