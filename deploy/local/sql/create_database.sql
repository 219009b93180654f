-- The one database of the stack; a schema a service lives in it.
CREATE DATABASE docuvault ENCODING 'UTF8' TEMPLATE template0;
