{{/*
The rights on the operator's own kind. Each verb is needed: a test takes them
away one by one (tests/deploy/superfluous.rs). They are given for the cluster
also where some namespaces are watched: a Role goes with its namespace, before
the LiveStreams in it are released.
*/}}
{{- define "apivideo.kindRules" -}}
# The manifests, their finalizer and annotations. Nothing is created or deleted.
- apiGroups: [api.video]
  resources: [livestreams]
  verbs: [list, watch, patch]
# Conditions and observed state. Read only if an object can't be parsed.
- apiGroups: [api.video]
  resources: [livestreams/status]
  verbs: [get, patch]
{{- end }}

{{/* The rights on other kinds, in each namespace that is watched. */}}
{{- define "apivideo.otherRules" -}}
- apiGroups: [events.k8s.io]
  resources: [events]
  verbs: [create]
{{- end }}

{{/* Whether the CRD is being deleted: then every stream is kept. */}}
{{- define "apivideo.crdRules" -}}
- apiGroups: [apiextensions.k8s.io]
  resources: [customresourcedefinitions]
  resourceNames: [livestreams.api.video]
  verbs: [get]
{{- end }}

{{/* The election. A create can't be restricted to a name. */}}
{{- define "apivideo.leaseRules" -}}
- apiGroups: [coordination.k8s.io]
  resources: [leases]
  verbs: [create]
- apiGroups: [coordination.k8s.io]
  resources: [leases]
  resourceNames: [apivideo-operator]
  verbs: [get, patch]
{{- end }}
