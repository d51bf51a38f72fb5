#pragma once

#include "bench/histogram.hpp"
#include "bench/result.hpp"
#include "bench/target.hpp"
#include "bench/usage.hpp"
#include "reactor/time.hpp"

#include <cstdint>
#include <optional>
#include <vector>

namespace bench {

// A stretch of time, and what it cost whom: begins with its construction, ends with end().
class Measured {
public:
    explicit Measured(const Target& target);

    void end();

    double seconds() const { return seconds_; }
    // CPU time of all processes of the target, and of this one, per each of so many. Of the target
    // there is nothing to be told when it does not name its processes.
    std::optional<double> target_cpu_ns_per(std::uint64_t count) const;
    double own_cpu_ns_per(std::uint64_t count) const;
    std::optional<double> target_resident_bytes() const;
    // As it is now: looked at when asked for, as few want it and it takes the kernel a while.
    std::optional<double> target_proportional_bytes() const;
    void report(Result& result) const;

private:
    const Target& target_;
    reactor::Instant start_;
    std::int64_t own_cpu_ns_;
    std::vector<Usage> usage_;  // by server: at the start, after end() the difference
    double seconds_ = 0;
};

}  // namespace bench
