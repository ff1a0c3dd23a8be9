//! Permissions, as the API server grants them: it is asked itself, which every
//! account may do for its own permissions.

use futures::future::try_join_all;
use k8s_openapi::api::{
    authentication::v1::SelfSubjectReview,
    authorization::v1::{ResourceAttributes, SelfSubjectAccessReview, SelfSubjectAccessReviewSpec},
};
use kube::{Api, Client, api::PostParams};

/// Verbs on a kind of resource.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Permission {
    /// The API group.
    pub(super) group: &'static str,
    /// The resource's plural name.
    pub(super) resource: &'static str,
    /// A subresource, or empty.
    pub(super) subresource: &'static str,
    /// The name of a single object, or empty for all of them.
    pub(super) name: &'static str,
    /// What is done with it.
    pub(super) verbs: &'static [&'static str],
    /// What does not work without it: completes the sentence "without it …".
    pub(super) without: &'static str,
}

/// A permission that is not granted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Missing {
    permission: Permission,
    /// The verbs that are not granted.
    verbs: Vec<&'static str>,
    /// The namespace; `None` for all of them.
    namespace: Option<String>,
}

/// Which of the verbs are not granted in a namespace, or in all of them.
pub(super) async fn missing(
    client: &Client,
    permission: Permission,
    namespace: Option<&str>,
) -> Result<Option<Missing>, kube::Error> {
    let reviews = permission.verbs.iter().map(|verb| is_granted(client, &permission, verb, namespace));
    let granted = try_join_all(reviews).await?;
    let verbs = permission.verbs.iter().copied().zip(granted);
    let verbs: Vec<_> = verbs.filter_map(|(verb, granted)| (!granted).then_some(verb)).collect();
    let missing = Missing { permission, verbs, namespace: namespace.map(str::to_owned) };
    Ok((!missing.verbs.is_empty()).then_some(missing))
}

async fn is_granted(
    client: &Client,
    permission: &Permission,
    verb: &str,
    namespace: Option<&str>,
) -> Result<bool, kube::Error> {
    let some = |text: &str| (!text.is_empty()).then(|| text.to_owned());
    let attributes = ResourceAttributes {
        group: some(permission.group),
        resource: some(permission.resource),
        subresource: some(permission.subresource),
        name: some(permission.name),
        verb: some(verb),
        namespace: namespace.map(str::to_owned),
        ..ResourceAttributes::default()
    };
    let spec = SelfSubjectAccessReviewSpec { resource_attributes: Some(attributes), ..Default::default() };
    let review = SelfSubjectAccessReview { spec, ..SelfSubjectAccessReview::default() };
    let api: Api<SelfSubjectAccessReview> = Api::all(client.clone());
    let response = api.create(&PostParams::default(), &review).await?;
    Ok(response.status.is_some_and(|status| status.allowed))
}

/// The user that the API server knows this process as. Without an answer, a command
/// with a placeholder for the name is better than none.
pub(super) async fn user(client: &Client) -> Option<String> {
    let api: Api<SelfSubjectReview> = Api::all(client.clone());
    let response = api.create(&PostParams::default(), &SelfSubjectReview::default()).await.ok()?;
    response.status?.user_info?.username
}

impl Missing {
    /// What is missing, what does not work without it, and the command that grants it.
    pub(super) fn message(&self, user: Option<&str>) -> String {
        let place = self.namespace.as_ref().map(|namespace| format!(" in namespace {namespace}"));
        let (verbs, what, place) = (self.verbs.join(", "), self.what(), place.unwrap_or_default());
        let (without, command) = (self.permission.without, self.command(user));
        format!("no permission to {verbs} {what}{place}: without it {without}; grant it with: {command}")
    }

    fn what(&self) -> String {
        let Permission { group, resource, subresource, .. } = &self.permission;
        let part = if subresource.is_empty() { String::new() } else { format!("/{subresource}") };
        format!("{resource}.{group}{part}")
    }

    /// Creates a role for this permission alone, and its binding.
    fn command(&self, user: Option<&str>) -> String {
        let subject = match user.map(|user| (user, user.strip_prefix("system:serviceaccount:"))) {
            Some((_, Some(account))) => format!("--serviceaccount={account}"),
            Some((user, None)) => format!("--user='{}'", user.replace('\'', r"'\''")),
            None => "--serviceaccount=NAMESPACE:NAME".to_owned(),
        };
        let Permission { resource, subresource, name, .. } = &self.permission;
        let parts =
            ["apivideo-operator", resource, subresource].into_iter().chain(self.verbs.iter().copied());
        let role = parts.filter(|part| !part.is_empty()).collect::<Vec<_>>().join("-");
        let (kind, place) = match &self.namespace {
            Some(namespace) => ("role", format!(" -n {namespace}")),
            None => ("clusterrole", String::new()),
        };
        let only = if name.is_empty() { String::new() } else { format!(" --resource-name={name}") };
        let (verbs, what) = (self.verbs.join(","), self.what());
        format!(
            "kubectl create {kind} {role}{place} --verb={verbs} --resource={what}{only} && \
             kubectl create {kind}binding {role}{place} --{kind}={role} {subject}"
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lacking(namespace: Option<&str>) -> Missing {
        let permission = Permission {
            group: "api.video",
            resource: "livestreams",
            subresource: "status",
            name: "",
            verbs: &["get", "patch"],
            without: "status is not updated",
        };
        Missing { permission, verbs: vec!["patch"], namespace: namespace.map(str::to_owned) }
    }

    #[test]
    fn a_missing_permission_comes_with_the_command_to_grant_it() {
        assert_eq!(
            lacking(Some("tv")).message(Some("system:serviceaccount:ops:video")),
            "no permission to patch livestreams.api.video/status in namespace tv: without it status is not updated; \
             grant it with: kubectl create role apivideo-operator-livestreams-status-patch -n tv --verb=patch \
             --resource=livestreams.api.video/status && kubectl create rolebinding \
             apivideo-operator-livestreams-status-patch -n tv \
             --role=apivideo-operator-livestreams-status-patch --serviceaccount=ops:video"
        );
        let everywhere = lacking(None).message(Some("o'neil"));
        assert!(everywhere.contains("create clusterrole ") && everywhere.contains(r"--user='o'\''neil'"));
    }
}
