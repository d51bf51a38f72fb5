#pragma once

#include "herd/ops/metrics_writer.hpp"
#include "herd/ops/snapshot.hpp"
#include "herd/watch/counters.hpp"

#include <array>
#include <cstddef>
#include <span>
#include <string_view>

namespace herd::ops {

// One of a family's samples: a counter of the server's.
struct Series {
    std::string_view labels{};  // as between the braces
    std::uint64_t watch::Counters::*value = nullptr;
};

// One family of metrics: what it is called, what it means, and where its samples come from, which
// is either counters of the server's or a function.
struct Family {
    static constexpr std::size_t series_max = 10;

    std::string_view name;
    Kind kind;
    std::string_view help;    // One sentence: what it is.
    std::string_view advice;  // What it means for whoever runs the herd that it moves.
    std::array<Series, series_max> series{};
    void (*write)(MetricsWriter& out, const Snapshot& snapshot) = nullptr;
};

// All that there are, in their order: of counters, and of the rest.
std::span<const Family> counter_families();
std::span<const Family> state_families();

// Everything, as /metrics has it; a view of `out`, which must hold metrics_size_max.
inline constexpr std::size_t metrics_size_max = std::size_t{160} << 10;
inline constexpr std::string_view metrics_type = "text/plain; version=0.0.4; charset=utf-8";
std::string_view write_metrics(std::span<char> out, const Snapshot& snapshot);

}  // namespace herd::ops
