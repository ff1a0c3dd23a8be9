// Lua as Argo CD runs health checks: the tests judge deploy/argocd/health.lua with it.
module lua-health

go 1.26.0

require github.com/yuin/gopher-lua v1.1.1
