#include "herd/offline/injection.hpp"

#include "herd/offline/numbers.hpp"

#include <algorithm>
#include <cassert>
#include <iterator>
#include <utility>

namespace herd::offline {
namespace {

// By Fault.
constexpr std::string_view fault_names[] = {
    "none",
    "500",
    "503",
    "429",
    "html",
    "cut",
    "reset",
    "hang",
    "drip",
    "huge",
    "bad-json",
    "deny",
    "over-limit",
};
static_assert(std::size(fault_names) == fault_count);
static_assert(std::to_underlying(Fault::over_limit) + 1 == fault_count);

// SplitMix64: neighbouring numbers come out as far apart as any.
std::uint64_t mix(std::uint64_t number) {
    number = (number ^ (number >> 30U)) * 0xbf58476d1ce4e5b9;
    number = (number ^ (number >> 27U)) * 0x94d049bb133111eb;
    return number ^ (number >> 31U);
}

std::optional<FaultShare> make_share(std::string_view percent_text, std::string_view name) {
    const auto percent = parse_number<double>(percent_text);
    const auto fault = parse_fault(name);
    if (!percent || !fault || !(*percent >= 0 && *percent <= 100)) return std::nullopt;
    return FaultShare{*percent, *fault};
}

}  // namespace

std::string_view to_text(Fault fault) {
    assert(static_cast<std::size_t>(fault) < fault_count);
    return fault_names[static_cast<std::size_t>(fault)];
}

std::optional<Fault> parse_fault(std::string_view name) {
    const auto* const found = std::find(std::begin(fault_names), std::end(fault_names), name);
    if (found == std::end(fault_names)) return std::nullopt;
    return static_cast<Fault>(found - std::begin(fault_names));
}

std::optional<FaultShare> parse_fault_share(std::string_view text) {
    const std::size_t colon = text.find(':');
    if (colon == std::string_view::npos) return std::nullopt;
    const std::string_view left = text.substr(0, colon);
    const std::string_view right = text.substr(colon + 1);
    // No fault that is called by a number is called by one that is a percentage.
    const auto share = make_share(left, right);
    return share ? share : make_share(right, left);
}

std::optional<std::vector<FaultShare>> parse_fault_shares(std::string_view text) {
    std::vector<FaultShare> shares;
    if (text == to_text(Fault::none)) return shares;
    double percent = 0;
    while (true) {
        const std::size_t end = std::min(text.find(','), text.size());
        const auto share = parse_fault_share(text.substr(0, end));
        if (!share) return std::nullopt;
        shares.push_back(*share);
        percent += share->percent;
        if (percent > 100) return std::nullopt;
        if (end == text.size()) return shares;
        text.remove_prefix(end + 1);
    }
}

std::optional<DelayRange> parse_delay(std::string_view text) {
    const std::size_t dots = text.find("..");
    const auto min_ms = parse_number<std::uint32_t>(text.substr(0, dots));
    const auto max_ms = dots == std::string_view::npos
                            ? min_ms
                            : parse_number<std::uint32_t>(text.substr(dots + 2));
    if (!min_ms || !max_ms || *min_ms > *max_ms || *max_ms > delay_ms_max) return std::nullopt;
    return DelayRange{*min_ms, *max_ms};
}

void Injector::set_delay(DelayRange delay) {
    assert(delay.min_ms <= delay.max_ms);
    assert(delay.max_ms <= delay_ms_max);
    delay_ = delay;
    drawn_ = 0;
}

void Injector::set_faults(std::vector<FaultShare> shares) {
    shares_ = std::move(shares);
    drawn_ = 0;
}

Injector::Drawn Injector::draw() {
    constexpr std::uint64_t golden = 0x9e3779b97f4a7c15;
    const std::uint64_t bits = mix(mix(seed_) + ++drawn_ * golden);
    const std::uint32_t width = delay_.max_ms - delay_.min_ms + 1;
    const auto delay_ms = delay_.min_ms + static_cast<std::uint32_t>((bits >> 32U) % width);
    assert(delay_ms <= delay_.max_ms);
    double percent = static_cast<double>(bits & 0xffffffff) / 4294967296.0 * 100;
    for (const FaultShare& share : shares_) {
        if (percent < share.percent) return {delay_ms, share.fault};
        percent -= share.percent;
    }
    return {delay_ms, Fault::none};
}

}  // namespace herd::offline
