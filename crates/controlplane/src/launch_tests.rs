use super::*;
use crate::find::Finder;
use crate::progress::Progress;

/// Starts etcd and the API server on these ports, which some test has occupied.
async fn launch_on(ports: Ports) -> StartError {
    let finder = Finder::from_env(Progress::stderr());
    let executables = Executables {
        etcd: finder.find(Component::Etcd).await.unwrap(),
        api_server: finder.find(Component::ApiServer).await.unwrap(),
        controller_manager: None,
    };
    let dir = tempfile::tempdir().unwrap();
    let credentials = Credentials::generate().unwrap();
    let launch = Launch {
        dir: dir.path(),
        executables: &executables,
        api_server_args: &[],
        credentials: &credentials,
        ports,
    };
    launch.run().await.unwrap_err()
}

#[tokio::test]
async fn a_lost_port_is_distinguished_from_other_failures() {
    let taken = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let port = taken.local_addr().unwrap().port();
    let free = free_ports().unwrap();
    let by_etcd = launch_on(Ports { etcd: port, ..free }).await;
    assert!(by_etcd.lost_a_port(), "{by_etcd}");
    let by_server = launch_on(Ports { api_server: port, ..free }).await;
    assert!(by_server.lost_a_port(), "{by_server}");

    let other =
        ComponentEnded { component: Component::Etcd, status: "1".into(), log: "no space left".into() };
    assert!(!StartError::from(other).lost_a_port());
}

#[test]
fn the_two_ports_differ() {
    let ports = free_ports().unwrap();
    assert_ne!(ports.etcd, ports.api_server);
}
