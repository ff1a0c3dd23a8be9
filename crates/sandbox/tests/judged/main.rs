//! The sandbox judged from outside: by its promises, by the specification, and
//! by the official client.

#[cfg(test)]
mod caller;
#[cfg(test)]
mod command_line;
#[cfg(test)]
mod control;
#[cfg(test)]
mod faults;
#[cfg(test)]
mod machine;
#[cfg(test)]
mod official_client;
#[cfg(test)]
mod paging;
#[cfg(test)]
mod projects;
#[cfg(test)]
mod specification;
#[cfg(test)]
mod state_machine;
#[cfg(test)]
mod unkind;
#[cfg(test)]
mod whole_specification;
