//! The order in which commits reached the branch.

use std::collections::HashMap;

use super::Step;

/// Orders the steps of a walk, its head first, so that parents come before their children and the
/// commits of a merged branch right before their merge.
///
/// Times play no part, so no clock can spoil it, and as long as the branch only moves forward the
/// order of more commits begins with that of fewer.
pub(super) fn mainline(steps: Vec<Step>) -> Vec<Step> {
    let places: HashMap<_, usize> =
        steps.iter().enumerate().map(|(index, step)| (step.oid, index)).collect();
    let mut steps: Vec<Option<Step>> = steps.into_iter().map(Some).collect();
    let mut ordered = Vec::with_capacity(steps.len());
    let mut entered = vec![false; steps.len()];
    let mut path: Vec<(usize, usize)> = Vec::new();
    enter(&mut entered, &mut path, 0);
    while let Some((index, parent)) = path.last_mut() {
        let step = steps.get(*index).and_then(Option::as_ref);
        let next = step.and_then(|step| step.parents.get(*parent)).copied();
        *parent += 1;
        if let Some(oid) = next {
            if let Some(place) = places.get(&oid) {
                enter(&mut entered, &mut path, *place);
            }
        } else {
            let done = *index;
            path.pop();
            ordered.extend(steps.get_mut(done).and_then(Option::take));
        }
    }
    ordered
}

fn enter(entered: &mut [bool], path: &mut Vec<(usize, usize)>, index: usize) {
    if let Some(was_here) = entered.get_mut(index).filter(|was_here| !**was_here) {
        *was_here = true;
        path.push((index, 0));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::repositories::Oid;

    fn order(steps: &[(u8, &[u8])]) -> Vec<u8> {
        let oid = |n: u8| Oid::from_bytes([n; 20]);
        let steps = steps.iter().map(|(n, parents)| Step {
            oid: oid(*n),
            parents: parents.iter().map(|n| oid(*n)).collect(),
            deed: None,
            files: Vec::new(),
        });
        mainline(steps.collect()).iter().map(|step| step.oid.as_bytes()[0]).collect()
    }

    #[test]
    fn a_branch_comes_right_before_its_merge() {
        // 1 - 2 - 3 - 6 - 7, with 1 - 4 - 5 merged by 6.
        let steps: &[(u8, &[u8])] =
            &[(7, &[6]), (6, &[3, 5]), (5, &[4]), (3, &[2]), (4, &[1]), (2, &[1]), (1, &[])];

        assert_eq!(order(steps), [1, 2, 3, 4, 5, 6, 7]);
    }

    #[test]
    fn wrong_clocks_and_unknown_parents_change_nothing() {
        // The walk gave the parent first, as a clock of the future makes it.
        assert_eq!(order(&[(3, &[2, 1]), (1, &[9]), (2, &[1])]), [1, 2, 3]);
        assert_eq!(order(&[]), [0; 0]);
    }
}
