{{/* What every pod of the chart is: nobody's account, nothing it could write, no capability, no token. */}}
{{- define "caracal.podSecurity" -}}
runAsNonRoot: true
runAsUser: {{ .uid }}
runAsGroup: {{ .uid }}
fsGroup: {{ .uid }}
fsGroupChangePolicy: OnRootMismatch
seccompProfile: { type: RuntimeDefault }
{{- end -}}

{{- define "caracal.containerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities: { drop: [ALL] }
{{- end -}}

{{/* The head of a pod's specification: (dict "root" $ "account" NAME "uid" NUMBER). */}}
{{- define "caracal.podHead" -}}
serviceAccountName: {{ .account }}
automountServiceAccountToken: false
# Kubernetes would add variables such as CARACAL_STS_PORT, which are no settings and are refused.
enableServiceLinks: false
{{- with .root.Values.global.imagePullSecrets }}
imagePullSecrets:
  {{- toYaml . | nindent 2 }}
{{- end }}
securityContext:
  {{- include "caracal.podSecurity" . | nindent 2 }}
{{- end -}}

{{/* Variables of a role's container: (dict "root" $ "name" NAME "role" TABLE). */}}
{{- define "caracal.environment" -}}
{{- $values := .root.Values -}}
{{- $own := get $values .name -}}
{{- $env := dict
  "CARACAL_MODE" $values.global.mode
  "HOST" "0.0.0.0"
  "LOG_LEVEL" (default $values.global.logLevel $own.logLevel)
  "SHUTDOWN_DELAY_MS" (mul $values.shutdown.delaySeconds 1000 | toString)
  "SHUTDOWN_GRACE_MS" (mul $values.shutdown.graceSeconds 1000 | toString) -}}
{{- if .role.stores -}}
{{- $_ := set $env "CARACAL_STORAGE" "production" -}}
{{- $_ := set $env "DB_MAX_CONNS" (toString (int $own.dbMaxConns)) -}}
{{- $_ := set $env "ISSUER_URL" (default (include "caracal.url" (dict "root" .root "component" "sts")) $values.sts.issuerUrl) -}}
{{- end -}}
{{- if .role.spool -}}
{{- $_ := set $env "AUDIT_REPLAY_DIR" "/var/lib/caracal/audit-replay" -}}
{{- $_ := set $env "AUDIT_SPOOL_SYNC" $values.replayPersistence.sync -}}
{{- end -}}
{{- if eq .name "gateway" -}}
{{- $_ := set $env "STS_URL" (include "caracal.url" (dict "root" .root "component" "sts")) -}}
{{- /* What the canary calls. */ -}}
{{- $hosts := $own.upstreamHostAllowlist -}}
{{- if and $hosts $values.tests.enabled -}}
{{- $hosts = printf "%s,%s-sts" $hosts (include "caracal.fullname" .root) -}}
{{- end -}}
{{- $_ := set $env "UPSTREAM_HOST_ALLOWLIST" $hosts -}}
{{- $private := $own.privateUpstreamHosts -}}
{{- if $values.tests.enabled -}}
{{- $private = printf "%s,%s-sts" $private (include "caracal.fullname" .root) | trimPrefix "," -}}
{{- end -}}
{{- $_ := set $env "CARACAL_PRIVATE_EGRESS_HOSTS" $private -}}
{{- $_ := set $env "GATEWAY_PUBLIC_URL" (default (include "caracal.url" (dict "root" .root "component" "gateway")) $own.publicUrl) -}}
{{- $_ := set $env "TRUST_PROXY" (toString $own.trustProxy) -}}
{{- else if eq .name "coordinator" -}}
{{- $_ := set $env "AGENT_COORDINATOR_SCOPE" $own.requiredScope -}}
{{- $_ := set $env "SESSION_RETENTION_DAYS" (toString (int $own.sessionRetentionDays)) -}}
{{- else if eq .name "audit" -}}
{{- $_ := set $env "AUDIT_LOG_ORIGIN" (default "localhost" $own.logOrigin) -}}
{{- else if eq .name "api" -}}
{{- $_ := set $env "CONSOLE_URL" $values.web.publicUrl -}}
{{- if $own.control.enabled -}}
{{- $_ := set $env "CARACAL_CONTROL_ENABLED" "true" -}}
{{- $_ := set $env "CONTROL_GATE_FILE" "/etc/caracal/control/open" -}}
{{- end -}}
{{- else if eq .name "web" -}}
{{- $_ := set $env "CONSOLE_URL" $own.publicUrl -}}
{{- $_ := set $env "CARACAL_API_URL" (include "caracal.url" (dict "root" .root "component" "api")) -}}
{{- $_ := set $env "CARACAL_COORDINATOR_URL" (include "caracal.url" (dict "root" .root "component" "coordinator")) -}}
{{- $_ := set $env "CARACAL_AUDIT_URL" (include "caracal.url" (dict "root" .root "component" "audit")) -}}
{{- $_ := set $env "CARACAL_STS_URL" (include "caracal.url" (dict "root" .root "component" "sts")) -}}
{{- $_ := set $env "CARACAL_GATEWAY_URL" (include "caracal.url" (dict "root" .root "component" "gateway")) -}}
{{- end -}}
{{- if $values.tls.secretName -}}
{{- $_ := set $env "TLS_CERT_FILE" "/etc/caracal/tls/tls.crt" -}}
{{- $_ := set $env "TLS_KEY_FILE" "/etc/caracal/tls/tls.key" -}}
{{- end -}}
{{- if $values.extraCa.configMapName -}}
{{- $_ := set $env "CARACAL_TLS_EXTRA_CA_FILE" (printf "/etc/caracal/ca/%s" $values.extraCa.key) -}}
{{- else if $values.tls.secretName -}}
{{- $_ := set $env "CARACAL_TLS_EXTRA_CA_FILE" "/etc/caracal/tls/ca.crt" -}}
{{- end -}}
{{- if $values.global.otelExporterOtlpEndpoint -}}
{{- $_ := set $env "OTEL_EXPORTER_OTLP_ENDPOINT" $values.global.otelExporterOtlpEndpoint -}}
{{- $_ := set $env "OTEL_SERVICE_NAME" (printf "caracal-%s" .name) -}}
{{- end -}}
{{- range $setting, $key := include "caracal.secretsOf" (dict "root" .root "role" .role) | fromYaml -}}
{{- $_ := set $env (printf "%s_FILE" $setting) (printf "/run/secrets/%s" $key) -}}
{{- end -}}
{{- range $name, $value := $env }}
- name: {{ $name }}
  value: {{ $value | quote }}
{{- end }}
{{- with $own.extraEnv }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{/* A probe of the role's own port: (dict "root" $ "path" PATH). */}}
{{- define "caracal.probe" -}}
httpGet: { path: {{ .path }}, port: http, scheme: {{ ternary "HTTPS" "HTTP" (ne .root.Values.tls.secretName "") }} }
{{- end -}}

{{/* Secrets as files: (dict "root" $ "keys" LIST). */}}
{{- define "caracal.secretVolume" -}}
- name: secrets
  secret:
    secretName: {{ include "caracal.secretName" .root }}
    defaultMode: 0440
    items:
      {{- range .keys | uniq | sortAlpha }}
      - { key: {{ . }}, path: {{ . }} }
      {{- end }}
{{- end -}}

{{/* The whole template of a role's pods: (dict "root" $ "name" NAME "role" TABLE). */}}
{{- define "caracal.podTemplate" -}}
{{- $root := .root -}}
{{- $values := .root.Values -}}
{{- $own := get $values .name -}}
{{- $labels := dict "root" .root "component" .name -}}
metadata:
  labels:
    {{- include "caracal.labels" $labels | nindent 4 }}
    {{- with $values.global.podLabels }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
  annotations:
    # Pods are replaced when this changes: raise secrets.revision after the Secret was.
    caracal/secrets-revision: {{ $values.secrets.revision | quote }}
    {{- if $values.secrets.create }}
    caracal/secrets-checksum: {{ include "caracal.madeSecrets" .root | sha256sum }}
    {{- end }}
    {{- with merge (dict) ($own.podAnnotations | default dict) ($values.global.podAnnotations | default dict) }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
spec:
  {{- include "caracal.podHead" (dict "root" .root "account" (include "caracal.accountOf" (dict "root" .root "component" .name)) "uid" 65532) | nindent 2 }}
  # The delay in which a load balancer notices, the grace for open calls, and a margin.
  terminationGracePeriodSeconds: {{ $values.shutdown.terminationGracePeriodSeconds }}
  {{- with $values.scheduling.priorityClassName }}
  priorityClassName: {{ . }}
  {{- end }}
  {{- with default $values.scheduling.nodeSelector $own.nodeSelector }}
  nodeSelector:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with default $values.scheduling.tolerations $own.tolerations }}
  tolerations:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with $own.affinity }}
  affinity:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  topologySpreadConstraints:
    {{- if $own.topologySpreadConstraints }}
    {{- toYaml $own.topologySpreadConstraints | nindent 4 }}
    {{- else }}
    {{- range list "topology.kubernetes.io/zone" "kubernetes.io/hostname" }}
    - topologyKey: {{ . }}
      maxSkew: 1
      whenUnsatisfiable: ScheduleAnyway
      labelSelector:
        matchLabels:
          {{- include "caracal.selector" $labels | nindent 10 }}
    {{- end }}
    {{- end }}
  containers:
    - name: {{ .name }}
      image: {{ include "caracal.image" .root }}
      imagePullPolicy: {{ $values.global.imagePullPolicy }}
      args: [serve, {{ .name }}]
      env:
        {{- include "caracal.environment" . | nindent 8 }}
      {{- with $own.extraEnvFrom }}
      envFrom:
        {{- toYaml . | nindent 8 }}
      {{- end }}
      ports:
        - { name: http, containerPort: {{ .role.port }} }
      # A dependency that is away makes a role unready, never unhealthy: a restart would not help.
      startupProbe:
        {{- include "caracal.probe" (dict "root" .root "path" "/health") | nindent 8 }}
        periodSeconds: 2
        timeoutSeconds: 5
        failureThreshold: 60
      livenessProbe:
        {{- include "caracal.probe" (dict "root" .root "path" "/health") | nindent 8 }}
        periodSeconds: 10
        timeoutSeconds: 5
        failureThreshold: 6
      readinessProbe:
        {{- include "caracal.probe" (dict "root" .root "path" "/ready") | nindent 8 }}
        periodSeconds: 2
        timeoutSeconds: 3
        failureThreshold: 2
      resources:
        {{- toYaml $own.resources | nindent 8 }}
      securityContext:
        {{- include "caracal.containerSecurity" . | nindent 8 }}
      volumeMounts:
        - { name: secrets, mountPath: /run/secrets, readOnly: true }
        - { name: tmp, mountPath: /tmp }
        - { name: state, mountPath: /var/lib/caracal }
        {{- if $values.tls.secretName }}
        - { name: tls, mountPath: /etc/caracal/tls, readOnly: true }
        {{- end }}
        {{- if $values.extraCa.configMapName }}
        - { name: ca, mountPath: /etc/caracal/ca, readOnly: true }
        {{- end }}
        {{- if and (eq .name "api") $own.control.enabled }}
        - { name: control, mountPath: /etc/caracal/control, readOnly: true }
        {{- end }}
        {{- with $own.extraVolumeMounts }}
        {{- toYaml . | nindent 8 }}
        {{- end }}
  volumes:
    {{- $keys := include "caracal.secretsOf" (dict "root" .root "role" .role) | fromYaml | values }}
    {{- include "caracal.secretVolume" (dict "root" .root "keys" $keys) | nindent 4 }}
    - { name: tmp, emptyDir: { sizeLimit: 64Mi } }
    {{- if not (and .role.spool $values.replayPersistence.enabled) }}
    - { name: state, emptyDir: { sizeLimit: {{ ternary $values.replayPersistence.size "64Mi" .role.spool }} } }
    {{- end }}
    {{- if $values.tls.secretName }}
    - { name: tls, secret: { secretName: {{ $values.tls.secretName }}, defaultMode: 0440 } }
    {{- end }}
    {{- if $values.extraCa.configMapName }}
    - { name: ca, configMap: { name: {{ $values.extraCa.configMapName }} } }
    {{- end }}
    {{- if and (eq .name "api") $own.control.enabled }}
    # It need not exist: while it does not, no command is taken.
    - { name: control, configMap: { name: {{ $own.control.gateConfigMapName }}, optional: true } }
    {{- end }}
    {{- with $own.extraVolumes }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
{{- end -}}

{{/* The service account of a role's pods: (dict "root" $ "component" NAME). */}}
{{- define "caracal.accountOf" -}}
{{- if .root.Values.serviceAccount.create -}}
{{ include "caracal.fullname" .root }}-{{ .component }}
{{- else -}}
{{ .root.Values.serviceAccount.name }}
{{- end -}}
{{- end -}}
