{{/*
What is wrong with the values, all of it in one message. In stable nothing that is unsafe is rendered.
*/}}
{{- define "caracal.problems" -}}
{{- $v := .Values -}}
{{- $root := . -}}
{{- $roles := include "caracal.enabledRoles" . | fromYaml -}}
{{- $published := ne $v.global.mode "dev" -}}
{{- $stable := eq $v.global.mode "stable" -}}
{{- $problems := list -}}

{{- /* Of every mode. */ -}}
{{- if and $v.secrets.create (not $v.global.evaluation) -}}
{{- $problems = append $problems "secrets.create is for global.evaluation alone: make the Secret that secrets.runtimeSecretName names with `caracald secrets init`" -}}
{{- end -}}
{{- if and $v.secrets.create (lt (len $v.secrets.seed) 32) -}}
{{- $problems = append $problems "secrets.seed needs at least 32 characters: `openssl rand -hex 32`" -}}
{{- end -}}
{{- if and $v.secrets.create (not (and $v.postgresql.enabled $v.redis.enabled)) -}}
{{- $problems = append $problems "secrets.create knows the stores of this chart alone: set postgresql.enabled and redis.enabled, or make the Secret yourself" -}}
{{- end -}}
{{- if and (or $v.postgresql.enabled $v.redis.enabled) (not $v.global.evaluation) -}}
{{- $problems = append $problems "postgresql.enabled and redis.enabled are for global.evaluation alone: they have one replica, no backup and no TLS" -}}
{{- end -}}
{{- if and $v.web.enabled (not $v.web.publicUrl) -}}
{{- $problems = append $problems "web.publicUrl is empty: say where browsers find the console, such as https://caracal.example.com" -}}
{{- end -}}
{{- if and $published (not $v.sts.issuerUrl) -}}
{{- $problems = append $problems "sts.issuerUrl is empty: it is `iss` of every mandate, for good; set the address of the STS as clients know it" -}}
{{- end -}}
{{- if and $published $v.audit.enabled (not $v.audit.logOrigin) -}}
{{- $problems = append $problems "audit.logOrigin is empty: checkpoints of the ledger are signed as it, for good; set a host name of yours" -}}
{{- end -}}
{{- if le (int $v.shutdown.terminationGracePeriodSeconds) (add $v.shutdown.delaySeconds $v.shutdown.graceSeconds | int) -}}
{{- $problems = append $problems (printf "shutdown.terminationGracePeriodSeconds (%v) must be more than delaySeconds and graceSeconds together (%v), or roles are killed while calls are open" $v.shutdown.terminationGracePeriodSeconds (add $v.shutdown.delaySeconds $v.shutdown.graceSeconds)) -}}
{{- end -}}
{{- $connections := 3 -}}
{{- range $name, $role := $roles -}}
{{- $own := get $v $name -}}
{{- if gt (int $own.hpa.minReplicas) (int $own.hpa.maxReplicas) -}}
{{- $problems = append $problems (printf "%s.hpa.minReplicas is more than maxReplicas" $name) -}}
{{- end -}}
{{- if $role.stores -}}
{{- /* One more replica of what is not stateful is there while it is replaced. */ -}}
{{- $most := int (ternary $own.hpa.maxReplicas $own.replicas $own.hpa.enabled) -}}
{{- $surge := ternary 0 1 (and $role.spool $v.replayPersistence.enabled) -}}
{{- $connections = add $connections (mul (add $most $surge) $own.dbMaxConns) -}}
{{- end -}}
{{- range $own.extraEnv -}}
{{- if or (dig "valueFrom" "secretKeyRef" false .) (regexMatch "^(DATABASE_URL|REDIS_URL|.*(_KEY|_KEK|_TOKEN|_PASSWORD|_BEARER|_SECRET|_PREVIOUS|_HEADERS))$" .name) -}}
{{- $problems = append $problems (printf "%s.extraEnv gives %s as a variable, which others can read: mount it with extraVolumes and set %s_FILE" $name .name .name) -}}
{{- end -}}
{{- if and $published (has .name (list "INSECURE_STS" "INSECURE_HTTP" "JTI_FAIL_OPEN")) -}}
{{- $problems = append $problems (printf "%s.extraEnv sets %s, which is refused in %s: remove it" $name .name $v.global.mode) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- if and (gt (int $v.database.connectionLimit) 0) (gt (int $connections) (int $v.database.connectionLimit)) -}}
{{- $problems = append $problems (printf "the roles could need %v connections to PostgreSQL, migrate and two administrators included, and database.connectionLimit is %v: lower dbMaxConns, replicas or hpa.maxReplicas" $connections $v.database.connectionLimit) -}}
{{- end -}}
{{- range $name := list "web" "sts" "gateway" "api" -}}
{{- range $kind, $edge := dict "ingress" $v.ingress "gatewayApi" $v.gatewayApi -}}
{{- $own := get $edge $name -}}
{{- if and $own.enabled (get $v $name).enabled (not (include "caracal.hostOf" (dict "root" $root "name" $name "host" $own.host))) -}}
{{- $problems = append $problems (printf "%s.%s has no host: set %s.%s.host" $kind $name $kind $name) -}}
{{- end -}}
{{- if and (eq $kind "gatewayApi") $own.enabled (not $v.gatewayApi.parentRefs) -}}
{{- $problems = append $problems (printf "gatewayApi.%s belongs to no Gateway: set gatewayApi.parentRefs" $name) -}}
{{- end -}}
{{- if and $stable $own.enabled (get $v $name).enabled -}}
{{- if and $v.networkPolicy.enabled (not $v.networkPolicy.ingressController) -}}
{{- $problems = append $problems (printf "%s.%s is on and nothing may reach it: set networkPolicy.ingressController to the peers that bring requests" $kind $name) -}}
{{- end -}}
{{- if and (eq $kind "ingress") (not $own.tlsSecretName) (not $v.ingress.tlsTerminatedElsewhere) -}}
{{- $problems = append $problems (printf "ingress.%s has no certificate: set ingress.%s.tlsSecretName, or ingress.tlsTerminatedElsewhere where a load balancer has it" $name $name) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{- if $stable -}}
{{- if $v.global.evaluation -}}
{{- $problems = append $problems "global.evaluation is not for stable: use mode dev or rc to try the chart" -}}
{{- end -}}
{{- if and (not $v.global.digest) (has $v.global.tag (list "latest" "main" "edge")) -}}
{{- $problems = append $problems (printf "global.tag %q names another image tomorrow: set a version or global.digest" $v.global.tag) -}}
{{- end -}}
{{- range $name, $role := dict "global" $v.global "sts" $v.sts "gateway" $v.gateway "coordinator" $v.coordinator "api" $v.api "audit" $v.audit "web" $v.web -}}
{{- if regexMatch "(debug|trace)" (default "" $role.logLevel) -}}
{{- $problems = append $problems (printf "%s.logLevel %q is for finding faults elsewhere: set info, warn or error" $name $role.logLevel) -}}
{{- end -}}
{{- end -}}
{{- if and $v.sts.issuerUrl (not (hasPrefix "https://" $v.sts.issuerUrl)) -}}
{{- $problems = append $problems "sts.issuerUrl is not https" -}}
{{- end -}}
{{- if and $v.gateway.enabled $v.gateway.publicUrl (not (hasPrefix "https://" $v.gateway.publicUrl)) -}}
{{- $problems = append $problems "gateway.publicUrl is not https" -}}
{{- end -}}
{{- if and $v.web.enabled $v.web.publicUrl (not (hasPrefix "https://" $v.web.publicUrl)) -}}
{{- $problems = append $problems "web.publicUrl is not https" -}}
{{- end -}}
{{- if not $v.replayPersistence.enabled -}}
{{- $problems = append $problems "replayPersistence.enabled is off: evidence that waits for Redis would go with its pod" -}}
{{- end -}}
{{- if eq (int $v.database.connectionLimit) 0 -}}
{{- $problems = append $problems "database.connectionLimit is 0: say how many connections PostgreSQL gives to this release" -}}
{{- end -}}
{{- if has "*" (regexSplit "[ ,]+" $v.gateway.upstreamHostAllowlist -1) -}}
{{- $problems = append $problems "gateway.upstreamHostAllowlist names every host: name the hosts of your upstreams" -}}
{{- else if and $v.gateway.enabled (not $v.gateway.upstreamHostAllowlist) -}}
{{- $problems = append $problems "gateway.upstreamHostAllowlist is empty, which is every host: name the hosts of your upstreams" -}}
{{- end -}}
{{- if not $v.networkPolicy.enabled -}}
{{- if not $v.networkPolicy.managedElsewhere -}}
{{- $problems = append $problems "networkPolicy.enabled is off: set networkPolicy.managedElsewhere where the cluster isolates by other means" -}}
{{- end -}}
{{- else -}}
{{- if not $v.networkPolicy.dns.peers -}}
{{- $problems = append $problems "networkPolicy.dns.peers is empty, so no name is found: set the peers that answer DNS" -}}
{{- end -}}
{{- range $store := list "postgresql" "redis" -}}
{{- $peers := (get $v.networkPolicy $store).peers -}}
{{- if not $peers -}}
{{- $problems = append $problems (printf "networkPolicy.%s.peers is empty, which is every address: set where it is, such as [{ipBlock: {cidr: 10.20.0.0/24}}]" $store) -}}
{{- end -}}
{{- range $peers -}}
{{- if has (dig "ipBlock" "cidr" "" .) (list "0.0.0.0/0" "::/0") -}}
{{- $problems = append $problems (printf "networkPolicy.%s.peers has every address: set where it is" $store) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- if and $v.gateway.enabled (not (dig "gateway" (list) $v.networkPolicy.egress)) -}}
{{- $problems = append $problems "networkPolicy.egress.gateway is empty, so no upstream can be called: add rules for where they are" -}}
{{- end -}}
{{- range $name, $rules := $v.networkPolicy.egress -}}
{{- range $rules -}}
{{- if not .to -}}
{{- $problems = append $problems (printf "networkPolicy.egress.%s has a rule without `to`, which is every address: name them" $name) -}}
{{- end -}}
{{- if not .ports -}}
{{- $problems = append $problems (printf "networkPolicy.egress.%s has a rule without `ports`, which is every port: name them" $name) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- if and $v.serviceMonitor.enabled (not $v.networkPolicy.prometheus) -}}
{{- $problems = append $problems "serviceMonitor.enabled is on and Prometheus may not reach any role: set networkPolicy.prometheus" -}}
{{- end -}}
{{- if and $v.global.otelExporterOtlpEndpoint (not $v.networkPolicy.otlp.peers) -}}
{{- $problems = append $problems "networkPolicy.otlp.peers is empty, which is every address: set where the collector is" -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- range $problems | uniq }}
- {{ . }}
{{- end -}}
{{- end -}}
