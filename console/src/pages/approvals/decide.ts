import { control, read, type Schema } from "../../api/client.ts";

type Approval = Schema["ApprovalItem"];
export type Verdict = "approve" | "reject" | "withdraw";

/** Why whoever is at the console cannot decide it, whatever their role. */
export function undecidable(approval: Pick<Approval, "approver_class" | "state">): string | undefined {
  if (approval.state === "approved") return undefined;
  if (approval.state !== "pending") return "It is decided, used or over.";
  return approval.approver_class === "subject" ? "Only the person it is for can decide it." : undefined;
}

/** Says a verdict of a request, with a reason or with none. */
export function say(zone: string, id: string, verdict: Verdict, reason: string) {
  const options = {
    params: { path: { zoneId: zone, id } },
    body: reason === "" ? {} : { reason },
  };
  switch (verdict) {
    case "approve":
      return read(control.POST("/v1/zones/{zoneId}/approvals/{id}/approve", options));
    case "reject":
      return read(control.POST("/v1/zones/{zoneId}/approvals/{id}/reject", options));
    case "withdraw":
      return read(control.POST("/v1/zones/{zoneId}/approvals/{id}/withdraw", options));
  }
}
