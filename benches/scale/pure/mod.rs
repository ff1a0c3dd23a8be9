//! What is worked out from the logs and counters: values in, values out. So
//! that they can be tested, `tests/measures` compiles these files as well.

pub(crate) mod corrections;
pub(crate) mod limit;
pub(crate) mod passes;
pub(crate) mod requests;
pub(crate) mod spread;
