//! The permissions that the operator needs.

use super::rbac::Permission;
use crate::leader::LEASE;

/// Without these the operator does not work.
pub(super) const REQUIRED: [Permission; 2] = [
    Permission {
        group: "api.video",
        resource: "livestreams",
        subresource: "",
        name: "",
        verbs: &["list", "watch", "patch"],
        without: "no LiveStream is reconciled",
    },
    Permission {
        group: "api.video",
        resource: "livestreams",
        subresource: "status",
        name: "",
        verbs: &["get", "patch"],
        without: "status is not updated",
    },
];

/// Without it the operator works, but reports no events.
pub(super) const EVENTS: Permission = Permission {
    group: "events.k8s.io",
    resource: "events",
    subresource: "",
    name: "",
    verbs: &["create"],
    without: "no events are recorded",
};

/// Without it the operator works, but does not notice that the CRD is deleted.
pub(super) const CRD: Permission = Permission {
    group: "apiextensions.k8s.io",
    resource: "customresourcedefinitions",
    subresource: "",
    name: "livestreams.api.video",
    verbs: &["get"],
    without: "an older CRD is not detected, and deleting the CRD deletes the streams",
};

/// What leader election does with the Lease. Permission to create can't be restricted
/// to a name: the request has none yet.
pub(super) const ELECTION: [Permission; 2] =
    [of_leases(LEASE, &["get", "patch"]), of_leases("", &["create"])];

const fn of_leases(name: &'static str, verbs: &'static [&'static str]) -> Permission {
    let without = "no replica can be elected (--leader-elect)";
    Permission { group: "coordination.k8s.io", resource: "leases", subresource: "", name, verbs, without }
}

#[cfg(test)]
mod tests {
    use kube::CustomResourceExt;

    use super::*;
    use crate::kinds::LiveStream;

    #[test]
    fn the_required_permissions_are_on_the_crd() {
        let names = &LiveStream::crd().spec.names;
        assert!(REQUIRED.iter().all(|p| p.resource == names.plural && p.group == "api.video"));
        assert_eq!(CRD.name, LiveStream::crd_name());
    }
}
