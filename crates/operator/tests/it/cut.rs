//! Commands that are killed after each of their writes.

use local_stack::traffic::CallFault;

use crate::rig::Rig;

const WRITES: [&str; 3] = ["UpdateItem", "TransactWriteItems", "DeleteItem"];

/// The writes that were made, in their order.
pub fn writes(rig: &Rig) -> Vec<String> {
    let mut operations = rig.traffic.operations();
    operations.retain(|operation| WRITES.contains(&operation.as_str()));
    operations
}

/// From here on only the first `made` of `writes` arrive.
pub fn cut_after(rig: &Rig, writes: &[String], made: usize) {
    for operation in WRITES {
        let passing = writes[..made].iter().filter(|write| *write == operation).count();
        for _ in 0..passing {
            rig.traffic.plan(operation, CallFault::Pass);
        }
        rig.lose(operation, &CallFault::Reset);
    }
}
