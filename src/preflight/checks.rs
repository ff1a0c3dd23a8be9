//! The checks: they only read, and need no permission of their own.

use std::time::Duration;

use futures::{StreamExt, TryStreamExt, stream};
use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition;
use kube::{Api, Client, CustomResourceExt};
use tokio::time::timeout;

use super::{
    hint::hint,
    permissions::{CRD, ELECTION, EVENTS, REQUIRED},
    rbac,
    skew::{Skew, skew},
};
use crate::{
    kinds::{INSTALL, LiveStream},
    ops::readiness::Findings,
};

/// How long one check may take.
const CHECK_TIMEOUT: Duration = Duration::from_secs(15);

/// How many permissions are checked at once.
const MAX_CONCURRENT: usize = 8;

/// Checks the permissions for leader election. If the API server does not answer, the
/// election itself shows why.
///
/// # Errors
/// The permissions that are missing, each with the command that grants it.
pub async fn check_election(client: &Client) -> Result<(), String> {
    let namespace = client.default_namespace();
    let reviews = ELECTION.map(|permission| rbac::missing(client, permission, Some(namespace)));
    let Ok(missing) = futures::future::try_join_all(reviews).await else { return Ok(()) };
    let missing: Vec<_> = missing.into_iter().flatten().collect();
    if missing.is_empty() {
        return Ok(());
    }
    let user = rbac::user(client).await;
    let messages: Vec<_> = missing.iter().map(|missing| missing.message(user.as_deref())).collect();
    Err(messages.join("\n"))
}

/// Checks the CRD, and the permissions in the namespaces; `None` is all of them.
pub(super) async fn check(client: &Client, namespaces: &[Option<String>]) -> Findings {
    let mut findings = Findings::default();
    let (crd, permissions) = tokio::join!(
        timeout(CHECK_TIMEOUT, check_crd(client)),
        timeout(CHECK_TIMEOUT, check_permissions(client, namespaces))
    );
    match crd {
        Ok(problem) => findings.problems.extend(problem),
        Err(_) => findings.problems.push("the API server does not respond".into()),
    }
    match permissions {
        Ok(Ok(permissions)) => findings.add(permissions),
        Ok(Err(error)) => findings.warnings.push(format!("cannot check the operator's permissions: {error}")),
        Err(_) => findings.warnings.push("cannot check the operator's permissions: no response".into()),
    }
    findings
}

/// What is wrong with the installed CRD. A missing permission to read it is found by
/// the check of the permissions.
async fn check_crd(client: &Client) -> Option<String> {
    let api: Api<CustomResourceDefinition> = Api::all(client.clone());
    match api.get(LiveStream::crd_name()).await {
        Ok(installed) => skew(&LiveStream::crd(), &installed).map(|skew| older(&skew)),
        Err(kube::Error::Api(status)) if status.is_forbidden() => None,
        Err(error) => {
            Some(hint(&error).unwrap_or_else(|| format!("the API server does not respond: {error}")))
        }
    }
}

fn older(skew: &Skew) -> String {
    let what = match skew {
        Skew::NotServed(version) => {
            format!("does not serve version {version}, so that no LiveStream is reconciled")
        }
        Skew::MissingFields(fields) => format!(
            "lacks {}, which the API server drops from manifests and from the status",
            fields.join(", ")
        ),
    };
    format!(
        "the installed CRD {} is older than this operator ({}): it {what}; install the CRD of this release with: {INSTALL} --force-conflicts",
        LiveStream::crd_name(),
        env!("CARGO_PKG_VERSION"),
    )
}

async fn check_permissions(client: &Client, namespaces: &[Option<String>]) -> Result<Findings, kube::Error> {
    let mut wanted = vec![(None, CRD, None)];
    for (place, namespace) in namespaces.iter().enumerate() {
        wanted.extend(REQUIRED.map(|permission| (Some(place), permission, namespace.clone())));
        wanted.push((None, EVENTS, namespace.clone()));
    }
    let reviews = stream::iter(wanted).map(|(required_in, permission, namespace)| async move {
        let missing = rbac::missing(client, permission, namespace.as_deref()).await?;
        Ok::<_, kube::Error>(missing.map(|missing| (required_in, missing)))
    });
    let missing: Vec<_> = reviews.buffered(MAX_CONCURRENT).try_collect().await?;
    let missing: Vec<_> = missing.into_iter().flatten().collect();
    if missing.is_empty() {
        return Ok(Findings::default());
    }
    let user = rbac::user(client).await;
    let missing = missing.into_iter().map(|(place, missing)| (place, missing.message(user.as_deref())));
    Ok(judge(namespaces.len(), missing.collect()))
}

/// A permission that is required in a place is a problem, unless another place has all of
/// them: that one works.
fn judge(places: usize, missing: Vec<(Option<usize>, String)>) -> Findings {
    let works = (0..places).any(|place| missing.iter().all(|(required_in, _)| *required_in != Some(place)));
    let mut findings = Findings::default();
    for (required_in, message) in missing {
        let problem = required_in.is_some() && !works;
        let list = if problem { &mut findings.problems } else { &mut findings.warnings };
        list.push(message);
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_older_crd_is_reported_with_its_gaps_and_the_command() {
        let text = older(&Skew::MissingFields(vec!["spec.suspend".into(), "status.drift".into()]));
        assert!(text.contains("it lacks spec.suspend, status.drift, which"), "{text}");
        assert!(text.contains("apivideo-operator crd | kubectl apply --server-side -f -"), "{text}");
        assert!(older(&Skew::NotServed("v1alpha1".into())).contains("version v1alpha1"));
    }

    #[test]
    fn one_namespace_without_permissions_is_a_warning() {
        let missing = |place: Option<usize>| (place, format!("{place:?}"));
        let count = |places, missing| {
            let Findings { problems, warnings } = judge(places, missing);
            (problems.len(), warnings.len())
        };
        assert_eq!(count(1, vec![missing(None), missing(Some(0))]), (1, 1));
        assert_eq!(count(2, vec![missing(Some(0)), missing(Some(0))]), (0, 2));
        assert_eq!(count(2, vec![missing(Some(0)), missing(Some(1))]), (2, 0));
    }
}
