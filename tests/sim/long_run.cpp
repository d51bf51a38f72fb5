#include "tests/sim/long_run.hpp"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <new>
#include <thread>
#include <vector>

#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

namespace sim {

namespace {

using Clock = std::chrono::steady_clock;
using Long = unsigned long long;

// One process's share, every so-manieth seed, as all processes see it.
struct Share {
    std::atomic<std::uint64_t> next;
    std::atomic<std::uint64_t> runs;
    std::atomic<std::uint64_t> failed;
};

class Run {
public:
    Run(const Seeds& seeds, const Effort& effort)
        : seeds_(seeds),
          effort_(effort),
          begun_(Clock::now()),
          stop_(begun_ + std::chrono::seconds(effort.seconds)) {
        void* memory = mmap(nullptr,
                            effort.jobs * sizeof(Share),
                            PROT_READ | PROT_WRITE,
                            MAP_SHARED | MAP_ANONYMOUS,
                            -1,
                            0);
        if (memory == MAP_FAILED) std::abort();
        shares_ = static_cast<Share*>(memory);
        for (unsigned job = 0; job < effort.jobs; ++job) {
            new (&shares_[job]) Share{seeds.first + job, 0, 0};
        }
    }

    void work(unsigned job, const std::function<bool(std::uint64_t)>& play) {
        Share& share = shares_[job];
        while (share.next <= seeds_.last && Clock::now() < stop_ && !any_failed()) {
            const std::uint64_t seed = share.next;
            if (!play(seed)) share.failed = seed;
            ++share.runs;
            if (share.failed != 0) return;
            share.next = seed + effort_.jobs;
        }
    }

    // The process has died: of the seed that it was at.
    void died(unsigned job, int signal) {
        shares_[job].failed = shares_[job].next.load();
        std::fprintf(
            stderr, "seed %llu: signal %d\n", static_cast<Long>(shares_[job].failed), signal);
    }

    void tell_now_and_then() {
        if (Clock::now() < told_ + std::chrono::seconds(10)) return;
        told_ = Clock::now();
        const std::uint64_t count = seeds_.last - seeds_.first + 1;
        const double seconds = std::chrono::duration<double>(told_ - begun_).count();
        std::fprintf(stderr,
                     "%llu of %llu seeds, %.0f/s; the rest: %s --seeds %llu..%llu\n",
                     static_cast<Long>(outcome().runs),
                     static_cast<Long>(count),
                     static_cast<double>(outcome().runs) / seconds,
                     effort_.command.c_str(),
                     static_cast<Long>(rest()),
                     static_cast<Long>(seeds_.last));
    }

    Outcome outcome() const {
        Outcome sum;
        for (unsigned job = 0; job < effort_.jobs; ++job) {
            sum.runs += shares_[job].runs;
            const std::uint64_t failed = shares_[job].failed;
            if (failed != 0) sum.failed = sum.failed == 0 ? failed : std::min(sum.failed, failed);
        }
        return sum;
    }

private:
    bool any_failed() const { return outcome().failed != 0; }
    // All below have been played.
    std::uint64_t rest() const {
        std::uint64_t least = shares_[0].next;
        for (unsigned job = 1; job < effort_.jobs; ++job) {
            least = std::min<std::uint64_t>(least, shares_[job].next);
        }
        return least;
    }

    Seeds seeds_;
    Effort effort_;
    Clock::time_point begun_;
    Clock::time_point stop_;
    Clock::time_point told_ = Clock::now();
    Share* shares_ = nullptr;
};

void wait_for(Run& run, const std::vector<pid_t>& children) {
    std::size_t left = children.size();
    while (left > 0) {
        int status = 0;
        const pid_t gone = waitpid(-1, &status, WNOHANG);
        if (gone > 0) {
            --left;
            const auto job = std::ranges::find(children, gone) - children.begin();
            if (WIFSIGNALED(status)) run.died(static_cast<unsigned>(job), WTERMSIG(status));
            continue;
        }
        std::this_thread::sleep_for(std::chrono::milliseconds(5));
        run.tell_now_and_then();
    }
}

}  // namespace

Outcome run_seeds(const Seeds& seeds,
                  const Effort& effort,
                  const std::function<bool(std::uint64_t)>& play) {
    Run run(seeds, effort);
    std::vector<pid_t> children;
    for (unsigned job = 0; job < effort.jobs; ++job) {
        const pid_t child = fork();
        if (child < 0) std::abort();
        if (child == 0) {
            run.work(job, play);
            std::_Exit(0);
        }
        children.push_back(child);
    }
    wait_for(run, children);
    return run.outcome();
}

}  // namespace sim
