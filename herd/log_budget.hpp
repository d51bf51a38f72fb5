#pragma once

#include <algorithm>
#include <array>
#include <cassert>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace herd {

// How many lines a log takes of each kind of event, so that what a stranger can cause as often as
// he likes neither fills the disk nor takes the place of another event. A kind may have `burst`
// lines at once, and one more each second. Kinds are told apart by their names, which are literals.
class LogBudget {
public:
    static constexpr std::uint32_t burst = 64;
    static constexpr std::size_t kinds_max = 64;

    // Whether there is a line left for one more of this kind, which it then has; if not, it is
    // counted. Seconds never go back.
    bool take(std::string_view name, std::int64_t second) {
        Kind& kind = find(name, second);
        assert(second >= kind.second);
        const std::int64_t lines = kind.lines + (second - kind.second);
        kind.second = second;
        kind.lines = std::min<std::int64_t>(lines, burst);
        if (kind.lines == 0) {
            ++kind.suppressed;
            return false;
        }
        --kind.lines;
        return true;
    }

    // Tells of each kind how many were counted since it was told before, if any. What `tell`
    // returns false for has not been told, and is kept for the next time.
    template <class Tell>
    void report(Tell tell) {
        for (Kind& kind : std::span(kinds_).first(used_)) {
            if (kind.suppressed > 0 && tell(kind.name, kind.suppressed)) kind.suppressed = 0;
        }
    }

private:
    struct Kind {
        std::string_view name;
        std::int64_t second = 0;  // when it was looked at last
        std::int64_t lines = burst;
        std::uint64_t suppressed = 0;
    };

    Kind& find(std::string_view name, std::int64_t second) {
        assert(!name.empty());
        const auto used = std::span(kinds_).first(used_);
        const auto found = std::ranges::find(used, name, &Kind::name);
        if (found != used.end()) return *found;
        assert(used_ < kinds_max);
        return kinds_[used_++] = {.name = name, .second = second};
    }

    std::array<Kind, kinds_max> kinds_;
    std::size_t used_ = 0;
};

}  // namespace herd
