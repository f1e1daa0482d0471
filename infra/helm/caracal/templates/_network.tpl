{{- define "caracal.egressToDns" -}}
{{- with .Values.networkPolicy.dns.peers }}
- to:
    {{- toYaml . | nindent 4 }}
  ports: [{ protocol: UDP, port: 53 }, { protocol: TCP, port: 53 }]
{{- end }}
{{- end -}}

{{/* PostgreSQL and Redis: those of this release, or the named peers; without any, every address on their port. */}}
{{- define "caracal.egressToStores" -}}
{{- $root := . -}}
{{- range $store, $enabled := dict "postgresql" .Values.postgresql.enabled "redis" .Values.redis.enabled }}
{{- $peers := get $root.Values.networkPolicy $store }}
- ports: [{ protocol: TCP, port: {{ $peers.port }} }]
  {{- if $enabled }}
  to:
    - podSelector:
        matchLabels:
          {{- include "caracal.selector" (dict "root" $root "component" $store) | nindent 10 }}
  {{- else if $peers.peers }}
  to:
    {{- toYaml $peers.peers | nindent 4 }}
  {{- end }}
{{- end }}
{{- end -}}
