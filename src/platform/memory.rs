//! How much memory this process holds.

use std::fs;

/// Bytes that the kernel cannot take back without ending the process; none where it does not say.
///
/// Pages of mapped files are left out: packs are mapped, and their pages go when they are needed.
pub fn held() -> Option<u64> {
    of_status(&fs::read_to_string("/proc/self/status").ok()?)
}

/// The sum of the lines of anonymous and shared memory.
fn of_status(text: &str) -> Option<u64> {
    let kibibytes = |name: &str| {
        let value = text.lines().find_map(|line| line.strip_prefix(name))?;
        value.trim().strip_suffix("kB")?.trim().parse::<u64>().ok()
    };
    let held = kibibytes("RssAnon:")?.saturating_add(kibibytes("RssShmem:").unwrap_or(0));
    Some(held.saturating_mul(1024))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mapped_files_do_not_count() {
        let text = "VmRSS:\t  900 kB\nRssAnon:\t     120 kB\nRssFile:\t     772 kB\nRssShmem:\t       8 kB\n";

        assert_eq!(of_status(text), Some(128 * 1024));
    }

    #[test]
    fn without_the_lines_nothing_is_said() {
        assert_eq!(of_status("Name:\tquarterdeck\n"), None);
        assert_eq!(of_status("RssAnon:\tmany kB\n"), None);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn what_is_written_to_is_held() {
        let before = held().unwrap();
        let block = vec![1_u8; 64 << 20];

        let after = held().unwrap();

        assert!(after >= before + (60 << 20), "{before} {after} {}", block.len());
    }
}
