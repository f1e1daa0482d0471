//! Starting points for policy documents.

use std::borrow::Cow;

use caracal_core::policy::PolicyTemplate;

/// Every template.
pub static TEMPLATES: [PolicyTemplate; 4] = [
    template(
        "application-bindings",
        "Application bindings",
        "Gives the zone's applications short keys that grants can refer to.",
        include_str!("../rego/templates/application-bindings.rego"),
    ),
    template(
        "resource-grants",
        "Resource grants",
        "Says which application owns each resource and which scopes each session label may hold.",
        include_str!("../rego/templates/resource-grants.rego"),
    ),
    template(
        "label-confinement",
        "Label confinement",
        "Caps what sessions with a label may ask for, whatever their roles allow.",
        include_str!("../rego/templates/label-confinement.rego"),
    ),
    template(
        "zone-restriction",
        "Zone restriction",
        "An emergency stop: while it holds a reason, the whole zone is denied.",
        include_str!("../rego/templates/zone-restriction.rego"),
    ),
];

const fn template(
    id: &'static str,
    name: &'static str,
    description: &'static str,
    content: &'static str,
) -> PolicyTemplate {
    PolicyTemplate {
        id: Cow::Borrowed(id),
        name: Cow::Borrowed(name),
        description: Cow::Borrowed(description),
        content: Cow::Borrowed(content),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document::{Interrupt, PolicyVersionSource, evaluate, validate};

    #[test]
    fn every_template_is_a_valid_document_and_all_of_them_together_are_a_policy_set() {
        for template in &TEMPLATES {
            let valid = validate(&template.content, &Interrupt::default())
                .unwrap_or_else(|problems| panic!("{}: {problems:?}", template.id));
            assert_eq!(valid.preview.rules.len(), 1, "{}", template.id);
        }
        let sources = TEMPLATES.each_ref().map(|template| PolicyVersionSource {
            version_id: &template.id,
            content: &template.content,
        });
        let documents = evaluate(&sources).unwrap();
        assert_eq!(
            documents.iter().map(|(name, _)| name).collect::<Vec<_>>(),
            ["app_ids", "confinement", "grants", "restrict"]
        );
        assert_eq!(documents.restrict, Some(serde_json::json!([])));
    }
}
