#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace sim {

// Where the log of one host goes: its disk or reader may be slow, hang, or refuse.
class FakeLog {
public:
    static constexpr std::int64_t never = INT64_MAX / 2;  // no moment that a simulation comes to

    static constexpr std::int64_t quick_ns = 20'000;
    // Of writes that begin from now on.
    std::int64_t write_ns = quick_ns;  // how long one takes
    int error = 0;                     // 0, or what each one ends with
    std::size_t write_max = 0;         // bytes that it takes before that

    bool is_well() const { return write_ns == quick_ns && error == 0; }
    // What has begun before ends as it was to.
    void recover() {
        write_ns = quick_ns;
        error = 0;
    }

    // Says what is left of `bytes`.
    std::string_view write(std::string_view bytes) {
        const std::size_t count = error == 0 ? bytes.size() : std::min(write_max, bytes.size());
        for (const char byte : bytes.substr(0, count)) take(byte);
        return bytes.substr(count);
    }
    // Some line that has come was none of a log: a part of one, or of two.
    bool torn() const { return torn_; }
    // The process that wrote is dead, and the next one begins a line of its own.
    void process_died() { line_.clear(); }
    std::uint64_t lines() const { return lines_; }

    // All that has come, for whoever wants to look for something in it.
    bool keeps = false;
    std::string kept;

private:
    void take(char byte) {
        if (keeps) kept += byte;
        if (byte != '\n') {
            line_ += byte;
            return;
        }
        constexpr std::string_view level = " level=";
        const std::size_t first = line_.find(level);
        torn_ = torn_ || !line_.starts_with("time=") || first == line_.npos ||
                line_.find(level, first + 1) != line_.npos;
        line_.clear();
        ++lines_;
    }

    std::string line_;
    std::uint64_t lines_ = 0;
    bool torn_ = false;
};

}  // namespace sim
