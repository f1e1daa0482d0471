//! Starting points for policy documents.

use serde::Serialize;

/// A policy to copy and fill in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct PolicyTemplate {
    /// Stable id.
    pub id: &'static str,
    /// Name.
    pub name: &'static str,
    /// What it is for.
    pub description: &'static str,
    /// Rego source, valid as it stands.
    pub content: &'static str,
}

/// Every template.
pub const TEMPLATES: [PolicyTemplate; 4] = [
    PolicyTemplate {
        id: "application-bindings",
        name: "Application bindings",
        description: "Gives the zone's applications short keys that grants can refer to.",
        content: include_str!("../rego/templates/application-bindings.rego"),
    },
    PolicyTemplate {
        id: "resource-grants",
        name: "Resource grants",
        description: "Says which application owns each resource and which scopes each session label may hold.",
        content: include_str!("../rego/templates/resource-grants.rego"),
    },
    PolicyTemplate {
        id: "label-confinement",
        name: "Label confinement",
        description: "Caps what sessions with a label may ask for, whatever their roles allow.",
        content: include_str!("../rego/templates/label-confinement.rego"),
    },
    PolicyTemplate {
        id: "zone-restriction",
        name: "Zone restriction",
        description: "An emergency stop: while it holds a reason, the whole zone is denied.",
        content: include_str!("../rego/templates/zone-restriction.rego"),
    },
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document::{Interrupt, PolicySource, evaluate, validate};

    #[test]
    fn every_template_is_a_valid_document_and_all_of_them_together_are_a_policy_set() {
        for template in TEMPLATES {
            let valid = validate(template.content, &Interrupt::default())
                .unwrap_or_else(|problems| panic!("{}: {problems:?}", template.id));
            assert_eq!(valid.preview.rules.len(), 1, "{}", template.id);
        }
        let sources = TEMPLATES.map(|template| PolicySource {
            version_id: template.id,
            content: template.content,
        });
        let documents = evaluate(&sources).unwrap();
        assert_eq!(
            documents.iter().map(|(name, _)| name).collect::<Vec<_>>(),
            ["app_ids", "confinement", "grants", "restrict"]
        );
        assert_eq!(documents.restrict, Some(serde_json::json!([])));
    }
}
