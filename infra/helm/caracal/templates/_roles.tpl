{{/*
What each role is: its port, whether it keeps evidence in a spool, the secrets it gets (setting: key of the runtime
Secret) and who of this release may speak to it. The only place where this is said.
*/}}
{{- define "caracal.roles" -}}
sts:
  port: 8080
  spool: true
  stores: true
  secrets:
    DATABASE_URL: stsDatabaseUrl
    REDIS_URL: redisUrl
    STREAMS_HMAC_KEY: streamsHmacKey
    AUDIT_HMAC_KEY: auditHmacKey
    METRICS_BEARER: metricsBearer
    SECRET_STORE_KEK: secretStoreKek
    GATEWAY_STS_HMAC_KEY: gatewayStsHmacKey
    STS_ADMIN_TOKEN: stsAdminToken
  reachedBy: [gateway, web]
gateway:
  port: 8081
  spool: true
  stores: true
  secrets:
    DATABASE_URL: gatewayDatabaseUrl
    REDIS_URL: redisUrl
    STREAMS_HMAC_KEY: streamsHmacKey
    AUDIT_HMAC_KEY: auditHmacKey
    METRICS_BEARER: metricsBearer
    GATEWAY_STS_HMAC_KEY: gatewayStsHmacKey
  reachedBy: [web]
coordinator:
  port: 4000
  spool: true
  stores: true
  secrets:
    DATABASE_URL: coordinatorDatabaseUrl
    REDIS_URL: redisUrl
    STREAMS_HMAC_KEY: streamsHmacKey
    AUDIT_HMAC_KEY: auditHmacKey
    METRICS_BEARER: metricsBearer
    IDEMPOTENCY_HMAC_KEY: idempotencyHmacKey
    CARACAL_COORDINATOR_TOKEN: caracalCoordinatorToken
  reachedBy: [web]
api:
  port: 3000
  spool: true
  stores: true
  secrets:
    DATABASE_URL: apiDatabaseUrl
    REDIS_URL: redisUrl
    STREAMS_HMAC_KEY: streamsHmacKey
    AUDIT_HMAC_KEY: auditHmacKey
    METRICS_BEARER: metricsBearer
    SECRET_STORE_KEK: secretStoreKek
    CARACAL_ADMIN_TOKEN: caracalAdminToken
  reachedBy: [web]
audit:
  port: 9090
  spool: false
  stores: true
  secrets:
    DATABASE_URL: auditDatabaseUrl
    REDIS_URL: redisUrl
    STREAMS_HMAC_KEY: streamsHmacKey
    AUDIT_HMAC_KEY: auditHmacKey
    METRICS_BEARER: metricsBearer
    AUDIT_ADMIN_TOKEN: auditAdminToken
    AUDIT_LOG_KEY: auditLogKey
  reachedBy: [web]
web:
  port: 3001
  spool: false
  stores: false
  secrets:
    METRICS_BEARER: metricsBearer
  reachedBy: []
{{- end -}}

{{/* The roles that are switched on, as the table above has them. */}}
{{- define "caracal.enabledRoles" -}}
{{- $enabled := dict -}}
{{- range $name, $role := include "caracal.roles" . | fromYaml -}}
{{- if (get $.Values $name).enabled -}}{{- $_ := set $enabled $name $role -}}{{- end -}}
{{- end -}}
{{- toYaml $enabled -}}
{{- end -}}

{{/* Settings whose secret is given as a file, those of keys that are being changed included: (dict "root" $ "role" TABLE). */}}
{{- define "caracal.secretsOf" -}}
{{- $secrets := deepCopy .role.secrets -}}
{{- range $setting, $key := .role.secrets -}}
{{- if has $key $.root.Values.secrets.previous -}}
{{- $_ := set $secrets (printf "%s_PREVIOUS" $setting) (printf "%sPrevious" $key) -}}
{{- end -}}
{{- end -}}
{{- toYaml $secrets -}}
{{- end -}}
