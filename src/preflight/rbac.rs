//! Whether the process has the rights that it needs, asked of the API server
//! itself: every account may ask that of its own.

use futures::future::try_join_all;
use k8s_openapi::api::{
    authentication::v1::SelfSubjectReview,
    authorization::v1::{ResourceAttributes, SelfSubjectAccessReview, SelfSubjectAccessReviewSpec},
};
use kube::{Api, Client, api::PostParams};

/// Verbs on a kind of resource.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Right {
    /// The API group.
    pub group: &'static str,
    /// The resource's plural name.
    pub resource: &'static str,
    /// A part of the resource, or nothing.
    pub subresource: &'static str,
    /// A single object's name, or nothing for all of them.
    pub name: &'static str,
    /// What is done with it.
    pub verbs: &'static [&'static str],
    /// What does not work without it: completes the sentence "without it …".
    pub without: &'static str,
}

/// A right that is not granted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Missing {
    /// The right.
    pub right: Right,
    /// The verbs of it that are not granted.
    pub verbs: Vec<&'static str>,
    /// Where: a namespace, or all of them.
    pub namespace: Option<String>,
}

/// Which of the verbs are not granted in a namespace, or in all of them.
///
/// # Errors
/// If the API server does not tell.
pub async fn missing(
    client: &Client,
    right: Right,
    namespace: Option<&str>,
) -> Result<Option<Missing>, kube::Error> {
    let questions = right.verbs.iter().copied().map(|verb| is_granted(client, &right, verb, namespace));
    let granted = try_join_all(questions).await?;
    let verbs: Vec<_> = right
        .verbs
        .iter()
        .copied()
        .zip(granted)
        .filter(|(_, granted)| !granted)
        .map(|(verb, _)| verb)
        .collect();
    let missing = Missing { right, verbs, namespace: namespace.map(str::to_owned) };
    Ok((!missing.verbs.is_empty()).then_some(missing))
}

async fn is_granted(
    client: &Client,
    right: &Right,
    verb: &'static str,
    namespace: Option<&str>,
) -> Result<bool, kube::Error> {
    let some = |text: &str| (!text.is_empty()).then(|| text.to_owned());
    let attributes = ResourceAttributes {
        group: some(right.group),
        resource: some(right.resource),
        subresource: some(right.subresource),
        name: some(right.name),
        verb: some(verb),
        namespace: namespace.map(str::to_owned),
        ..ResourceAttributes::default()
    };
    let spec = SelfSubjectAccessReviewSpec { resource_attributes: Some(attributes), ..Default::default() };
    let review = SelfSubjectAccessReview { spec, ..SelfSubjectAccessReview::default() };
    let api: Api<SelfSubjectAccessReview> = Api::all(client.clone());
    let answer = api.create(&PostParams::default(), &review).await?;
    Ok(answer.status.is_some_and(|status| status.allowed))
}

/// As whom the API server knows this process.
///
/// # Errors
/// If it does not tell.
pub async fn user(client: &Client) -> Result<Option<String>, kube::Error> {
    let api: Api<SelfSubjectReview> = Api::all(client.clone());
    let answer = api.create(&PostParams::default(), &SelfSubjectReview::default()).await?;
    Ok(answer.status.and_then(|status| status.user_info).and_then(|user| user.username))
}

impl Missing {
    /// What is missing, what does not work without it, and the command that grants it.
    #[must_use]
    pub fn message(&self, user: Option<&str>) -> String {
        let place = match &self.namespace {
            Some(namespace) => format!(" in the namespace {namespace}"),
            None => String::new(),
        };
        let (verbs, what) = (self.verbs.join(", "), self.what());
        let (without, command) = (self.right.without, self.command(user));
        format!("no right to {verbs} {what}{place}: without it {without}; grant it with: {command}")
    }

    fn what(&self) -> String {
        let Right { group, resource, subresource, .. } = &self.right;
        let part = if subresource.is_empty() { String::new() } else { format!("/{subresource}") };
        format!("{resource}.{group}{part}")
    }

    /// A role for this alone, and its binding.
    fn command(&self, user: Option<&str>) -> String {
        let subject = match user.map(|user| (user, user.strip_prefix("system:serviceaccount:"))) {
            Some((_, Some(account))) => format!("--serviceaccount={account}"),
            Some((user, None)) => format!("--user='{}'", user.replace('\'', r"'\''")),
            None => "--serviceaccount=NAMESPACE:NAME".to_owned(),
        };
        let Right { resource, subresource, name, .. } = &self.right;
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
        let right = Right {
            group: "api.video",
            resource: "livestreams",
            subresource: "status",
            name: "",
            verbs: &["get", "patch"],
            without: "nothing is told",
        };
        Missing { right, verbs: vec!["patch"], namespace: namespace.map(str::to_owned) }
    }

    #[test]
    fn a_missing_right_comes_with_the_command_that_grants_it() {
        assert_eq!(
            lacking(Some("tv")).message(Some("system:serviceaccount:ops:video")),
            "no right to patch livestreams.api.video/status in the namespace tv: without it nothing is told; \
             grant it with: kubectl create role apivideo-operator-livestreams-status-patch -n tv --verb=patch \
             --resource=livestreams.api.video/status && kubectl create rolebinding \
             apivideo-operator-livestreams-status-patch -n tv \
             --role=apivideo-operator-livestreams-status-patch --serviceaccount=ops:video"
        );
        let everywhere = lacking(None).message(Some("o'neil"));
        assert!(everywhere.contains("create clusterrole ") && everywhere.contains(r"--user='o'\''neil'"));
    }
}
