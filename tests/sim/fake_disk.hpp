#pragma once

#include "reactor/result.hpp"
#include "reactor/sys.hpp"

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace sim {

// A disk in memory, for files that are kept (see reactor/sys.hpp). What is written is there at
// once, and survives the death of a process; the loss of power leaves what was synced: of a file
// its bytes, of the folder its names. Hosts may share one while their files have different names
// and power is lost for all of them.
class FakeDisk {
public:
    // What goes wrong from now on: 0, or the error that each such call returns.
    struct Faults {
        int open = 0;
        int read = 0;
        int write = 0;
        int sync = 0;
        int rename = 0;
        int find = 0;
        int punch = 0;  // Stays: what a file system cannot do it never can.
        int link = 0;   // Stays, too.
    };

    Faults faults;
    std::size_t space = SIZE_MAX;      // bytes that may still be written; then ENOSPC
    std::size_t write_max = SIZE_MAX;  // of one call
    std::int64_t sync_ns = 1'000'000;  // how long a sync takes
    std::int64_t write_ns = 20'000;    // and a write that is a helper's

    // Errands of this kind that are begun before that time of the kernel's come to their end after
    // it only; so does what the same helper is asked behind them.
    void hang(reactor::sys::Errand::What kind, std::int64_t until_ns) { hangs_[kind] = until_ns; }
    static constexpr std::int64_t for_good = INT64_MAX / 2;
    std::int64_t hangs_until(const reactor::sys::Errand& errand) const {
        const auto found = hangs_.find(errand.what);
        return found == hangs_.end() ? 0 : found->second;
    }

    // Whether nothing is said to fail; a hang may be over.
    bool is_well() const;
    // From now on nothing fails, or begins to hang. What was lost stays lost, and what hangs is for
    // FakeKernel::hurry_mailboxes().
    void recover();

    // What was not synced may be there nevertheless: of each file as many bytes as are `kept`, and
    // that many changes of names, the first ones.
    void lose_power(std::size_t kept = 0, std::size_t kept_names = 0);

    // The process that used it is dead: of what its helpers had not said to be done, the first
    // errands may have been, and the others never will.
    void process_died(std::size_t done = 0);

    bool has(const std::string& path) const { return names_.contains(path); }
    // Those that begin like this.
    std::vector<std::string> paths(const std::string& prefix) const;
    // From that byte on.
    std::string content(const std::string& path, std::size_t from = 0) const;
    void put(const std::string& path, const std::string& content);
    // What would be found after a loss of power.
    std::string synced(const std::string& path) const;
    std::size_t syncs() const { return syncs_; }

    // reactor::sys; descriptors are the caller's numbers. `keep`: to be written, by one alone.
    reactor::Result<void> open(int fd, const std::string& path, bool keep);
    bool holds(int fd) const { return open_.contains(fd); }
    reactor::Result<std::size_t> read(int fd, std::span<char> buffer);
    reactor::Result<std::size_t> write(int fd, std::string_view bytes);
    std::uint64_t skip_hole(int fd);
    reactor::Result<void> truncate(int fd, std::uint64_t size);
    reactor::Result<void> link(const std::string& from, const std::string& to);
    reactor::Result<void> rename(const std::string& from, const std::string& to);
    reactor::Result<void> remove(const std::string& path);
    void close(int fd) { open_.erase(fd); }
    // Somebody else writes that in its place, into the same file; and the disk has it.
    void overwrite(const std::string& path, const std::string& content);
    // Some process keeps what has that name.
    bool is_kept(const std::string& path) const;

    // An errand is begun under a number. A sync covers what is there when it begins.
    std::uint64_t begin(const reactor::sys::Errand& errand);
    // Only now it is done; returns the error that it came to. To make a file is the caller's, by
    // open() and truncate().
    int end(std::uint64_t number);

private:
    struct File {
        std::string content;
        std::size_t synced = 0;  // bytes at its front
        bool spoilt = false;     // a sync has failed: what it was to write is lost for good
    };
    using Names = std::map<std::string, std::shared_ptr<File>>;
    struct Open {
        std::shared_ptr<File> file;
        std::size_t at = 0;
        bool keep = false;
    };
    struct Job {
        reactor::sys::Errand::What what;
        std::shared_ptr<File> file;
        std::size_t size = 0;
        std::size_t names = 0;  // how many changes of names it covers
        std::string bytes;
        std::string path;
        std::string to;
        std::uint64_t begin = 0;
        std::uint64_t end = 0;
    };

    reactor::Result<std::size_t> write(File& file, std::string_view bytes);
    int sync(const Job& job);
    int write_all(const Job& job);
    int punch(const Job& job) const;
    int find(const Job& job) const;
    void sync_names(std::size_t changes);

    Names names_;
    Names synced_names_;
    std::vector<Names> changes_;      // What the names were after each change that was not synced.
    std::size_t changes_synced_ = 0;  // So many there were before these.
    std::map<int, Open> open_;
    std::map<std::uint64_t, Job> jobs_;
    std::map<reactor::sys::Errand::What, std::int64_t> hangs_;
    std::uint64_t next_job_ = 1;
    std::size_t syncs_ = 0;
};

}  // namespace sim
