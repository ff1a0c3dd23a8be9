//! What the operator needs of the cluster, looked at when it starts: the CRD,
//! of this release or a newer one, and the rights. What is lacking is said at
//! once, in the log and by `/readyz`, with the command that mends it; and it is
//! looked at again until nothing is lacking.
//!
//! Only reads, and it asks for no right of its own.

use std::time::Duration;

use futures::{StreamExt, TryStreamExt, stream};
use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition;
use kube::{Api, Client, CustomResourceExt};
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use tracing::{error, info, warn};

use super::{
    hint::hint,
    rbac::{self, Right},
    skew::{Skew, skew},
};
use crate::{
    crd::{self, LiveStream},
    leader::LEASE,
    ops::readiness::{Findings, Readiness},
};

/// How soon a problem is looked at again: a person who mends it waits for that.
const AGAIN_SOON: Duration = Duration::from_secs(5);

/// How soon where there are but warnings: some clusters mean it so.
const AGAIN: Duration = Duration::from_secs(60);

/// How long one look may take.
const CLUSTER_TIMEOUT: Duration = Duration::from_secs(15);

/// So many namespaces are asked about at once.
const AT_ONCE: usize = 8;

/// Without these there is no work.
const NEEDED: [Right; 2] = [
    Right {
        group: "api.video",
        resource: "livestreams",
        subresource: "",
        name: "",
        verbs: &["list", "watch", "patch"],
        without: "no LiveStream is reconciled",
    },
    Right {
        group: "api.video",
        resource: "livestreams",
        subresource: "status",
        name: "",
        verbs: &["get", "patch"],
        without: "no LiveStream says how it is",
    },
];

/// Without these some of it is not done.
const EVENTS: Right = Right {
    group: "events.k8s.io",
    resource: "events",
    subresource: "",
    name: "",
    verbs: &["create"],
    without: "no event tells what was done",
};
const CRD: Right = Right {
    group: "apiextensions.k8s.io",
    resource: "customresourcedefinitions",
    subresource: "",
    name: "livestreams.api.video",
    verbs: &["get"],
    without: "an older CRD is not noticed, and the CRD's deletion deletes the streams",
};

/// What the election does with the Lease. A right to create can't be bound to a
/// name: the request has none yet.
fn election_rights() -> [Right; 2] {
    let right = |name, verbs| Right {
        group: "coordination.k8s.io",
        resource: "leases",
        subresource: "",
        name,
        verbs,
        without: "no replica can be elected (--leader-elect)",
    };
    [right(LEASE, &["get", "patch"]), right("", &["create"])]
}

/// What keeps this process from taking part, with the command that mends it.
/// An API server that does not tell is none: the election itself will show it.
pub async fn hindrance(client: &Client) -> Option<String> {
    let namespace = client.default_namespace();
    let mut messages = Vec::new();
    for right in election_rights() {
        if let Some(lacks) = rbac::missing(client, right, Some(namespace)).await.ok()? {
            let user = rbac::user(client).await.unwrap_or_default();
            messages.push(lacks.message(user.as_deref()));
        }
    }
    (!messages.is_empty()).then(|| messages.join("\n"))
}

/// Checks until nothing is lacking, or until `shutdown`. `checked` is called
/// after the first look.
pub async fn run(
    client: Client,
    namespaces: Vec<String>,
    readiness: Readiness,
    shutdown: CancellationToken,
    checked: impl FnOnce() + Send,
) {
    let (mut checked, mut last) = (Some(checked), Findings::default());
    loop {
        let found = tokio::select! {
            found = look(&client, &namespaces) => found,
            () = shutdown.cancelled() => return,
        };
        tell(&last, &found);
        readiness.found(found.clone());
        if let Some(checked) = checked.take() {
            checked();
        }
        let wait = match (found.problems.is_empty(), found.is_empty()) {
            (_, true) => return,
            (true, false) => AGAIN,
            (false, _) => AGAIN_SOON,
        };
        last = found;
        tokio::select! {
            () = tokio::time::sleep(wait) => {}
            () = shutdown.cancelled() => return,
        }
    }
}

/// Logs what is new since the last look.
fn tell(last: &Findings, found: &Findings) {
    found.problems.iter().filter(|text| !last.problems.contains(text)).for_each(|text| error!("{text}"));
    found.warnings.iter().filter(|text| !last.warnings.contains(text)).for_each(|text| warn!("{text}"));
    if found.problems.is_empty() && !last.problems.is_empty() {
        info!("what stood in the operator's way is mended");
    }
}

async fn look(client: &Client, namespaces: &[String]) -> Findings {
    let mut findings = Findings::default();
    let (crd, rights) = tokio::join!(
        timeout(CLUSTER_TIMEOUT, look_at_crd(client)),
        timeout(CLUSTER_TIMEOUT, look_at_rights(client, namespaces))
    );
    match crd {
        Ok(problem) => findings.problems.extend(problem),
        Err(_) => findings.problems.push("the API server does not answer".into()),
    }
    match rights {
        Ok(Ok(rights)) => {
            findings.problems.extend(rights.problems);
            findings.warnings.extend(rights.warnings);
        }
        Ok(Err(error)) => findings.warnings.push(format!("the operator's rights can't be told: {error}")),
        Err(_) => findings.warnings.push("the operator's rights can't be told: no answer".into()),
    }
    findings
}

/// What is wrong with the installed CRD. That it may not be read is for the rights to say.
async fn look_at_crd(client: &Client) -> Option<String> {
    let api: Api<CustomResourceDefinition> = Api::all(client.clone());
    match api.get(LiveStream::crd_name()).await {
        Ok(installed) => skew(&LiveStream::crd(), &installed).map(|skew| older(&skew)),
        Err(kube::Error::Api(status)) if status.is_forbidden() => None,
        Err(error) => Some(
            hint(&error).unwrap_or_else(|| format!("the API server does not answer: {error}")),
        ),
    }
}

fn older(skew: &Skew) -> String {
    let what = match skew {
        Skew::NotServed(version) => format!("does not serve the version {version}, so that nothing is seen"),
        Skew::Lacks(fields) => format!(
            "lacks {}, which the API server drops from manifests and from the status",
            fields.join(", ")
        ),
    };
    format!(
        "the installed CRD {} is older than this operator ({}): it {what}; install this release's with: {} --force-conflicts",
        LiveStream::crd_name(),
        env!("CARGO_PKG_VERSION"),
        crd::INSTALL
    )
}

async fn look_at_rights(client: &Client, namespaces: &[String]) -> Result<Findings, kube::Error> {
    let mut asked = vec![(false, CRD, None)];
    let places = match namespaces {
        [] => vec![None],
        named => named.iter().cloned().map(Some).collect(),
    };
    for namespace in places {
        asked.extend(NEEDED.map(|right| (true, right, namespace.clone())));
        asked.push((false, EVENTS, namespace));
    }
    let answers = stream::iter(asked).map(|(needed, right, namespace)| async move {
        let missing = rbac::missing(client, right, namespace.as_deref()).await?;
        Ok::<_, kube::Error>(missing.map(|missing| (needed, missing)))
    });
    let missing: Vec<_> = answers.buffered(AT_ONCE).try_collect().await?;
    let missing: Vec<_> = missing.into_iter().flatten().collect();
    let mut findings = Findings::default();
    if missing.is_empty() {
        return Ok(findings);
    }
    // A command with a gap for the name is better than none.
    let user = rbac::user(client).await.unwrap_or_default();
    for (needed, missing) in missing {
        let list = if needed { &mut findings.problems } else { &mut findings.warnings };
        list.push(missing.message(user.as_deref()));
    }
    Ok(findings)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rights_that_are_checked_are_those_on_the_crd() {
        let names = &LiveStream::crd().spec.names;
        assert!(NEEDED.iter().all(|right| right.resource == names.plural && right.group == "api.video"));
        assert_eq!(CRD.name, LiveStream::crd_name());
    }

    #[test]
    fn an_older_crd_is_told_with_its_gaps_and_the_command() {
        let text = older(&Skew::Lacks(vec!["spec.suspend".into(), "status.drift".into()]));
        assert!(text.contains("it lacks spec.suspend, status.drift, which"), "{text}");
        assert!(text.contains("apivideo-operator crd | kubectl apply --server-side -f -"), "{text}");
        assert!(older(&Skew::NotServed("v1alpha1".into())).contains("the version v1alpha1"));
    }
}
