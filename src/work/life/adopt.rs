//! Gives tasks that were simulated from scratch the ids under which they are stored.

use std::{
    collections::{HashMap, VecDeque},
    hash::Hash,
    sync::Arc,
};

use super::{Deed, LifeTask, ledger::Spot};
use crate::repositories::Oid;

/// Hands the ids out; answers the stored tasks that the history no longer knows, vanished now.
///
/// First by the tasks' own ids, then by file and words: those of the same section, beginning and
/// presence before others, copies in the order of their lines. Last by words that only one on
/// each side has, wherever they are.
pub(super) fn adopt(
    tasks: &mut [LifeTask],
    stored: Vec<LifeTask>,
    deed: Option<&Arc<Deed>>,
) -> Vec<LifeTask> {
    let mut orphans: Vec<Option<LifeTask>> = stored.into_iter().map(Some).collect();
    orphans.sort_by_key(|task| task.as_ref().map(|task| (task.path.clone(), task.mark.line)));
    by(tasks, &mut orphans, |task| {
        let id = task.mark.id.as_deref()?.to_uppercase();
        Some((id, task.path.clone(), task.present))
    });
    by(tasks, &mut orphans, |task| {
        let id = task.mark.id.as_deref()?.to_uppercase();
        Some((id, task.present))
    });
    by(tasks, &mut orphans, |task| task.mark.id.as_deref().map(str::to_uppercase));
    by(tasks, &mut orphans, |task| {
        Some((spot(task), task.mark.section.clone(), beginning(task), task.present))
    });
    by(tasks, &mut orphans, |task| Some((spot(task), task.mark.section.clone(), task.present)));
    by(tasks, &mut orphans, |task| Some((spot(task), task.present)));
    by(tasks, &mut orphans, |task| Some(spot(task)));
    by_unique_words(tasks, &mut orphans);
    let strangers = orphans.into_iter().flatten().map(|mut task| {
        if task.present {
            task.vanish(None, deed);
        }
        task
    });
    strangers.collect()
}

fn spot(task: &LifeTask) -> Spot {
    Spot::of(&task.path, &task.mark)
}

fn beginning(task: &LifeTask) -> Option<Oid> {
    task.opened.as_ref().map(|deed| deed.commit)
}

fn by<K: Hash + Eq>(
    tasks: &mut [LifeTask],
    orphans: &mut [Option<LifeTask>],
    key: impl Fn(&LifeTask) -> Option<K>,
) {
    let mut waiting: HashMap<K, VecDeque<usize>> = HashMap::new();
    for (index, orphan) in orphans.iter().enumerate() {
        if let Some(key) = orphan.as_ref().and_then(&key) {
            waiting.entry(key).or_default().push_back(index);
        }
    }
    if waiting.is_empty() {
        return;
    }
    let mut nameless: Vec<&mut LifeTask> =
        tasks.iter_mut().filter(|task| task.id.is_none()).collect();
    nameless.sort_by(|one, other| {
        let key = |task: &LifeTask| (!task.present, task.mark.line);
        (one.path.as_str(), key(one)).cmp(&(other.path.as_str(), key(other)))
    });
    for task in nameless {
        let next = key(task).and_then(|key| waiting.get_mut(&key)?.pop_front());
        let orphan = next.and_then(|index| orphans.get_mut(index)).and_then(Option::take);
        if let Some(orphan) = orphan {
            task.id = orphan.id;
        }
    }
}

fn by_unique_words(tasks: &mut [LifeTask], orphans: &mut [Option<LifeTask>]) {
    let words = |task: &LifeTask| {
        let is_note = task.mark.marker.is_some();
        (task.mark.words.split(' ').count() > 1).then(|| (is_note, task.mark.words.clone()))
    };
    let mut times: HashMap<_, (u32, u32)> = HashMap::new();
    for key in tasks.iter().filter(|task| task.id.is_none()).filter_map(words) {
        times.entry(key).or_default().0 += 1;
    }
    for key in orphans.iter().flatten().filter_map(words) {
        times.entry(key).or_default().1 += 1;
    }
    by(tasks, orphans, |task| words(task).filter(|key| times.get(key) == Some(&(1, 1))));
}
