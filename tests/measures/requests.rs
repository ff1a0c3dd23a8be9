use crate::pure::requests::Requests;

const METRICS: &str = r#"# TYPE apiserver_request_total counter
apiserver_request_total{code="200",component="apiserver",dry_run="",group="api.video",resource="livestreams",scope="resource",subresource="status",verb="PATCH",version="v1alpha1"} 7
apiserver_request_total{code="201",component="apiserver",dry_run="",group="events.k8s.io",resource="events",scope="resource",subresource="",verb="POST",version="v1"} 1.2e+01
apiserver_request_total{code="200",component="apiserver",dry_run="",group="api.video",resource="livestreams",scope="cluster",subresource="",verb="WATCH",version="v1alpha1"} 5
apiserver_request_total{code="200",component="apiserver",dry_run="",group="api.video",resource="livestreams",scope="cluster",subresource="",verb="LIST",version="v1alpha1"} 3
apiserver_request_total{code="200",component="apiserver",dry_run="",group="coordination.k8s.io",resource="leases",scope="resource",subresource="",verb="PUT",version="v1"} 9
apiserver_request_total{code="200",component="apiserver",dry_run="",group="",resource="configmaps",scope="resource",subresource="",verb="POST",version="v1"} 40
apiserver_request_slo_duration_seconds_count{group="api.video",resource="livestreams",verb="PATCH"} 100
"#;

#[test]
fn requests_are_counted_by_what_they_are_about() {
    let requests = Requests::read(METRICS);
    assert_eq!(requests.object_writes(), 7);
    assert_eq!(requests.event_writes(), 12);
    assert_eq!(requests.writes(), 19);
    assert_eq!(requests.leases(), 9);
    assert_eq!(requests.count(|kind| kind.resource == "configmaps"), 40);
}

#[test]
fn a_watch_is_no_request_in_quiet_but_a_list_is_one() {
    assert_eq!(Requests::read(METRICS).but_watches(), 7 + 12 + 3);
}
