//! Buckets of one budget in this process' memory, by `governor`.

use std::{num::NonZeroU32, time::Duration};

use governor::{
    Quota, RateLimiter,
    clock::{Clock as Ticking, ReasonablyRealtime},
    middleware::NoOpMiddleware,
    nanos::Nanos,
    state::keyed::DashMapStateStore,
};

use super::LimitKey;
use crate::platform::clock::Clock;

/// The most keys with a bucket of their own; some 100 bytes each.
const MOST: usize = 50_000;

type Limiter = RateLimiter<LimitKey, DashMapStateStore<LimitKey>, Ticks, NoOpMiddleware<Nanos>>;

/// A bucket for each key.
pub(super) struct Buckets {
    /// None where nothing is limited.
    limiter: Option<Limiter>,
    clock: Ticks,
    most: usize,
}

impl Buckets {
    pub(super) fn new(per_minute: u32, clock: &Clock) -> Self {
        Self::with_most(per_minute, clock, MOST)
    }

    fn with_most(per_minute: u32, clock: &Clock, most: usize) -> Self {
        let clock = Ticks(clock.clone());
        let limiter = NonZeroU32::new(per_minute).map(|per_minute| {
            RateLimiter::dashmap_with_clock(Quota::per_minute(per_minute), clock.clone())
        });
        Self { limiter, clock, most }
    }

    /// Takes one; how long to wait where none is left.
    pub(super) fn take(&self, key: LimitKey) -> Result<(), Duration> {
        let Some(limiter) = &self.limiter else { return Ok(()) };
        // Past that many, newcomers share: a crowd cannot fill the memory, nor be let through unlimited.
        let key = if limiter.len() < self.most { key } else { key.slot() };
        limiter.check_key(&key).map_err(|refused| refused.wait_time_from(self.clock.now()))
    }

    /// Drops the buckets that are full again.
    pub(super) fn tidy(&self) {
        if let Some(limiter) = &self.limiter {
            limiter.retain_recent();
            limiter.shrink_to_fit();
        }
    }
}

/// Our clock as `governor` wants one.
#[derive(Clone, Debug)]
struct Ticks(Clock);

impl Ticking for Ticks {
    type Instant = Nanos;

    fn now(&self) -> Nanos {
        self.0.running().into()
    }
}

impl ReasonablyRealtime for Ticks {}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use super::*;

    fn key(number: u32) -> LimitKey {
        LimitKey::of_address(Ipv4Addr::from_bits(number).into())
    }

    fn clock() -> Clock {
        Clock::fixed("2026-03-01T09:00:00Z".parse().unwrap())
    }

    #[test]
    fn a_bucket_is_emptied_and_fills_up_again() {
        let clock = clock();
        let buckets = Buckets::new(3, &clock);

        for _ in 0..3 {
            buckets.take(key(1)).unwrap();
        }
        assert_eq!(buckets.take(key(1)), Err(Duration::from_secs(20)));
        buckets.take(key(2)).unwrap();
        clock.advance(chrono::Duration::seconds(20));
        buckets.take(key(1)).unwrap();
        buckets.take(key(1)).unwrap_err();
        clock.advance(chrono::Duration::minutes(1));
        for _ in 0..3 {
            buckets.take(key(1)).unwrap();
        }
    }

    #[test]
    fn nothing_is_limited_at_zero() {
        let buckets = Buckets::new(0, &clock());

        assert!((0..10_000).all(|_| buckets.take(key(1)).is_ok()));
    }

    #[test]
    fn a_crowd_does_not_fill_the_memory_and_is_limited_still() {
        let clock = clock();
        let buckets = Buckets::with_most(1, &clock, 100);

        let refused = (0..100_000).filter(|number| buckets.take(key(*number)).is_err()).count();
        let limiter = buckets.limiter.as_ref().unwrap();
        assert!(limiter.len() <= 100 + 65_536, "{}", limiter.len());
        assert!(refused > 20_000, "{refused}");

        clock.advance(chrono::Duration::minutes(2));
        buckets.tidy();
        assert_eq!(limiter.len(), 0);
        buckets.take(key(7)).unwrap();
    }
}
