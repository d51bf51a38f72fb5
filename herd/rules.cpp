#include "herd/rules.hpp"

#include <tuple>

namespace herd::rules {

bool newer(const Version& report, const Version& stored) {
    if (report.time_ns != stored.time_ns) return report.time_ns > stored.time_ns;
    return std::tie(report.location, report.server, report.skew_text, report.time_text) >
           std::tie(stored.location, stored.server, stored.skew_text, stored.time_text);
}

Position granted(const Position& remembered, std::uint64_t epoch) {
    if (remembered.epoch == epoch) return remembered;
    return {.epoch = epoch};
}

Position resumed(const Position& claimed, std::uint64_t epoch, std::uint64_t) {
    if (claimed.epoch == epoch) return claimed;
    return {.epoch = epoch};
}

bool came_from(std::uint32_t source, std::uint32_t link) {
    return source != 0 && source == link;
}

}  // namespace herd::rules
