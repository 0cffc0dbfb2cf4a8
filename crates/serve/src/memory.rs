//! Memory that was needed for a moment: the system call without a safe wrapper that gives it back.
#![allow(unsafe_code)]

/// Gives the system back what the allocator keeps for later. To be called when a site has been read: that takes several
/// times the memory that it then has, and the allocator would keep it for as long as the server runs.
pub fn give_back_memory() {
    // Other C libraries have no such function, and keep less.
    #[cfg(target_env = "gnu")]
    // SAFETY: malloc_trim takes no pointer, and may be called at any time from any thread.
    unsafe {
        nix::libc::malloc_trim(0);
    }
}
