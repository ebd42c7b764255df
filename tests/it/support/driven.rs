//! Faults that tests drive, told beside the tests: `docs/reliability.md` is made of them.

/// A fault that a test drives.
pub struct Driven {
    /// The test's path.
    pub test: &'static str,
    /// What goes wrong.
    pub fault: &'static str,
    /// Where.
    pub step: &'static str,
    /// What the caller hears.
    pub answer: &'static str,
    /// What is there afterwards.
    pub afterwards: &'static str,
}

/// The rows of a file's tests. The compiler finds each test, so no row is of one that is
/// gone.
macro_rules! driven {
    ($($test:ident {
        fault: $fault:expr, step: $step:expr, answer: $answer:expr, afterwards: $afterwards:expr,
    })+) => {
        $(const _: fn() = $test;)+
        pub const DRIVEN: &[$crate::support::Driven] = &[$($crate::support::Driven {
            test: concat!(module_path!(), "::", stringify!($test)),
            fault: $fault,
            step: $step,
            answer: $answer,
            afterwards: $afterwards,
        }),+];
    };
}
pub(crate) use driven;
