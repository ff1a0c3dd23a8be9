//! The one that is killed: an operator that goes at random moments, in the
//! middle of whatever it does, and comes back.

use std::time::Duration;

use fastrand::Rng;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::{
    figures::Figures,
    stage::{Operator, Stage},
};

/// Kills and starts until the evening. Gives back the operator that is left.
pub(crate) async fn kill_and_start(
    stage: &Stage,
    mut dice: Rng,
    mut operator: Operator,
    figures: &Figures,
    evening: &CancellationToken,
) -> Operator {
    let mut started = Instant::now();
    let mut counted = false;
    loop {
        // Often before it is ready, at times long after: kills meet starts, too.
        let longest = if dice.u64(..4) == 0 { 5000 } else { 1500 };
        let life = Duration::from_millis(300) + Duration::from_millis(dice.u64(..longest));
        let ready = async {
            if !counted {
                operator.ready().await;
                figures.started(started.elapsed());
                counted = true;
            }
            std::future::pending::<()>().await;
        };
        let over = tokio::select! {
            () = evening.cancelled() => true,
            () = tokio::time::sleep(life) => false,
            () = ready => unreachable!("it pends"),
        };
        if over {
            return operator;
        }
        if dice.u64(..4) == 0 {
            operator.terminate();
            operator.ended().await;
            figures.did("ended by SIGTERM");
        } else {
            figures.did("killed by SIGKILL");
        }
        // Whatever still runs is killed as it is dropped, before the next one starts:
        // two at once need a lease, which is not what is tested here.
        drop(operator);
        operator = stage.unready_operator();
        (started, counted) = (Instant::now(), false);
    }
}
