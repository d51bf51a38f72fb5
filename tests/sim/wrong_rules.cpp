// Linked instead of herd/rules.cpp, to show that the simulation finds wrong rules out.
#include "tests/sim/wrong_rules.hpp"

#include "herd/neighbour.hpp"
#include "herd/rules.hpp"

#include <tuple>

namespace herd::rules {

Wrong wrong = Wrong::none;

bool newer(const Version& report, const Version& stored) {
    const auto rest = [](const Version& version) {
        return std::tie(version.location, version.server, version.skew_text, version.time_text);
    };
    if (wrong == Wrong::overwrite_if_different) {
        return report.time_ns != stored.time_ns || rest(report) != rest(stored);
    }
    if (report.time_ns != stored.time_ns) return report.time_ns > stored.time_ns;
    if (wrong == Wrong::first_of_equals_wins) return false;
    return rest(report) > rest(stored);
}

Position granted(const Position& remembered, std::uint64_t epoch) {
    if (remembered.epoch == epoch) return remembered;
    Position position{.epoch = epoch};
    if (wrong == Wrong::resume_without_epoch) position.seq = remembered.seq;
    return position;
}

Position resumed(const Position& claimed, std::uint64_t epoch, std::uint64_t last_written) {
    if (wrong == Wrong::resume_from_written) return {.epoch = epoch, .seq = last_written};
    if (claimed.epoch == epoch || wrong == Wrong::resume_without_epoch) return claimed;
    return {.epoch = epoch};
}

bool came_from(std::uint32_t source, std::uint32_t link) {
    constexpr std::uint32_t index_mask = (1U << Neighbour::index_bits) - 1;
    if (source == 0) return false;
    if (wrong == Wrong::source_outlives_restart) {
        return (source & index_mask) == (link & index_mask);
    }
    return source == link;
}

}  // namespace herd::rules
