// The real kustomize-controller of Flux, built from its module: the tests of GitOps run it.
module kustomize-controller-tool

go 1.26.0

require github.com/fluxcd/kustomize-controller v1.9.6

replace github.com/opencontainers/go-digest => github.com/opencontainers/go-digest v1.0.1-0.20220411205349-bde1400a84be
