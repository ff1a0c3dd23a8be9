//! What the operator calls, and what may come of a call.

/// A call of the operator.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Call {
    /// POST /auth/api-key.
    Auth,
    /// A page of the observer.
    Page,
    /// A page of the search for a lost create.
    Look,
    /// GET of one stream.
    Get,
    /// POST /live-streams.
    Create,
    /// PATCH of one stream.
    Update,
    /// DELETE of one stream.
    Delete,
    /// The list of LiveStreams.
    List,
    /// The start of their watch.
    Watch,
    /// GET of the CRD.
    Crd,
    /// A write to an object's metadata.
    Metadata,
    /// A write to its status.
    Status,
    /// A new event.
    Event,
}

/// What comes of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Outcome {
    /// It is done and answered.
    Done,
    /// The connection is refused: certainly no effect.
    NotSent,
    /// Every call to the API is refused from now on, for [`OUTAGE`](crate::world::OUTAGE).
    Outage,
    /// 429: certainly no effect.
    Limited,
    /// 401: certainly no effect.
    Unauthorized,
    /// 503, and no effect.
    ErrorBefore,
    /// 503, after the effect.
    ErrorAfter,
    /// The answer is lost, after the effect.
    LostAfter,
    /// The answer is cut short, after the effect.
    Unreadable,
    /// The answer is lost, and the effect comes later, within the settle time.
    Late,
    /// The answer is lost, and the effect comes long after the settle time: no
    /// menu has it, for nothing is promised of it but that it is told.
    TooLate,
    /// It is done and answered, and lists show it later.
    Trails,
    /// The answer is lost, and lists show the effect later.
    LostTrails,
    /// A page shows no stream at all.
    ShowsNothing,
    /// The cluster answers 500, and no effect.
    Refused,
    /// Somebody else writes to the object just before.
    Conflict,
    /// The connection to the cluster breaks, after the effect.
    AnswerLost,
    /// It is done and answered, and the watch shows it, and all that follows, later.
    Stale,
    /// The process crashes before the effect.
    CrashBefore,
    /// The process crashes after the effect, before the answer.
    CrashAfter,
    /// The process crashes, and the effect comes later, within the settle time.
    CrashLate,
    /// It is done and answered; just before, a person takes the next step.
    Hurry,
}

impl Call {
    /// What may come of it, but for [`Outcome::Done`]: each outcome that the
    /// operator can tell from the others, or that leaves another world behind.
    pub(crate) fn menu(self) -> &'static [Outcome] {
        use Outcome::*;
        match self {
            Self::Auth => &[NotSent, CrashBefore],
            Self::Page => &[Outage, Limited, Unauthorized, Unreadable, ShowsNothing, CrashBefore, Hurry],
            Self::Look | Self::Get => &[Outage, Limited, Unauthorized, Unreadable, CrashBefore, Hurry],
            Self::Create => &[
                NotSent,
                Limited,
                Unauthorized,
                ErrorBefore,
                ErrorAfter,
                LostAfter,
                Unreadable,
                Late,
                Trails,
                LostTrails,
                CrashBefore,
                CrashAfter,
                CrashLate,
                Hurry,
            ],
            Self::Update | Self::Delete => &[
                NotSent,
                Limited,
                Unauthorized,
                ErrorBefore,
                ErrorAfter,
                LostAfter,
                Unreadable,
                Late,
                Trails,
                CrashBefore,
                CrashAfter,
                Hurry,
            ],
            Self::List | Self::Watch | Self::Crd => &[Refused, CrashBefore],
            Self::Metadata => &[Refused, Conflict, AnswerLost, Stale, CrashBefore, CrashAfter, Hurry],
            Self::Status => &[Refused, AnswerLost, Stale, CrashBefore, CrashAfter],
            Self::Event => &[Refused],
        }
    }

    /// The menu without what comes to the same as another outcome: a crash
    /// before a call is a crash after the one before, and an answer that says
    /// 503, is cut short or is lost says nothing, each.
    pub(crate) fn distinct(self) -> &'static [Outcome] {
        use Outcome::*;
        match self {
            Self::Create => {
                &[NotSent, ErrorBefore, LostAfter, Late, LostTrails, CrashAfter, CrashLate, Hurry]
            }
            Self::Update | Self::Delete => &[NotSent, LostAfter, Late, Trails, CrashAfter, Hurry],
            Self::Metadata => &[Refused, Conflict, AnswerLost, Stale, CrashAfter, Hurry],
            Self::Status => &[AnswerLost, Stale, CrashAfter],
            Self::List | Self::Watch | Self::Crd | Self::Auth => &[CrashBefore],
            Self::Page => &[Outage, ShowsNothing, CrashBefore, Hurry],
            Self::Look | Self::Get => &[Outage, CrashBefore, Hurry],
            Self::Event => self.menu(),
        }
    }

    /// Whether it is a call to the API.
    pub(crate) fn is_to_the_api(self) -> bool {
        matches!(
            self,
            Self::Auth | Self::Page | Self::Look | Self::Get | Self::Create | Self::Update | Self::Delete
        )
    }

    /// Whether it changes something, in the API or in the cluster.
    pub(crate) fn is_write(self) -> bool {
        matches!(
            self,
            Self::Create | Self::Update | Self::Delete | Self::Metadata | Self::Status | Self::Event
        )
    }
}
