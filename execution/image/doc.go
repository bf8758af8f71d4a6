// Package image brings container images onto this host: from a registry, an OCI
// layout or a saved archive, without a daemon.
package image
