/** Where somebody can go: the side bar and the palette are made of this list. */
export type Place = { label: string; to: string; words?: string };

export const OF_ZONE: ReadonlyArray<{ group: string; places: ReadonlyArray<Place> }> = [
  {
    group: "Zone",
    places: [
      { label: "Overview", to: "/z/$zone" },
      { label: "Protect an API", to: "/z/$zone/protect", words: "set up guide first call" },
      { label: "Protect an MCP server", to: "/z/$zone/protect/mcp", words: "set up guide first call tools" },
      { label: "Document", to: "/z/$zone/document", words: "import export state plan apply version control" },
    ],
  },
  {
    group: "Access",
    places: [
      { label: "Applications", to: "/z/$zone/applications", words: "agents secrets" },
      { label: "Workloads", to: "/z/$zone/workloads", words: "launcher run environment" },
      { label: "Providers", to: "/z/$zone/providers", words: "credentials upstream" },
      { label: "Resources", to: "/z/$zone/resources", words: "operations scopes" },
      { label: "Policies", to: "/z/$zone/policies", words: "grants rego activate roll back" },
      { label: "Issuers", to: "/z/$zone/issuers", words: "people federation oidc" },
    ],
  },
  {
    group: "Live",
    places: [
      { label: "Subjects", to: "/z/$zone/subjects", words: "people applications kill switch block keep out" },
      { label: "Sessions", to: "/z/$zone/sessions", words: "kill switch stop tree" },
      { label: "Approvals", to: "/z/$zone/approvals", words: "inbox holds decide approve reject" },
      { label: "Delegations", to: "/z/$zone/delegations", words: "revoke" },
      { label: "Notifications", to: "/z/$zone/notifications", words: "sinks webhooks pager deliveries" },
      { label: "Audit", to: "/z/$zone/audit", words: "events denied evidence tail" },
      { label: "Changes", to: "/z/$zone/changes", words: "admin audit who changed what administrators" },
    ],
  },
];

export const OF_DEPLOYMENT: ReadonlyArray<Place> = [
  { label: "Zones", to: "/zones", words: "tenants" },
  { label: "Accounts", to: "/accounts", words: "people roles invite" },
  { label: "Admin tokens", to: "/tokens", words: "api keys" },
  { label: "Check a receipt", to: "/receipts", words: "prove evidence verify proof ledger" },
  { label: "Settings", to: "/settings", words: "password sessions theme retention" },
  { label: "Diagnostics", to: "/diagnostics", words: "health ready" },
];
