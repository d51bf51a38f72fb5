#include "bench/answers.hpp"

#include <cstring>

namespace bench {

namespace {

constexpr std::string_view cr = "\r";

}  // namespace

Answers::Count Answers::take(std::string_view bytes) {
    Count count;
    if (kind_ == Kind::none) return count;
    if (kind_ == Kind::arrays) return take_arrays(bytes);
    if (kind_ == Kind::pushed) return take_pushed(bytes);
    while (!bytes.empty()) {
        if (answer_begins_) {
            wrong_ = bytes.front() != first_;
            refused_ = bytes.front() == '?';
            answer_begins_ = false;
        }
        const auto* const end =
            static_cast<const char*>(std::memchr(bytes.data(), '\n', bytes.size()));
        if (end == nullptr) {
            line_begins_ = line_begins_ && bytes == cr;
            break;
        }
        const std::string_view line(bytes.data(), end);
        const bool empty = line_begins_ && (line.empty() || line == cr);
        if (kind_ == Kind::lines || refused_ || empty) {
            ++count.answers;
            count.wrong += wrong_ ? 1 : 0;
            answer_begins_ = true;
        }
        line_begins_ = true;
        bytes.remove_prefix(static_cast<std::size_t>(end + 1 - bytes.data()));
    }
    return count;
}

// A refusal, a herd's or Redis', is a line too, and wrong.
Answers::Count Answers::take_pushed(std::string_view bytes) {
    Count count;
    while (!bytes.empty()) {
        if (line_begins_ && (bytes.front() == '?' || bytes.front() == '-')) ++count.wrong;
        const std::size_t end = bytes.find('\n');
        line_begins_ = end != std::string_view::npos;
        if (!line_begins_) break;
        ++count.answers;
        bytes.remove_prefix(end + 1);
    }
    return count;
}

// What is no array is one line.
Answers::Count Answers::take_arrays(std::string_view bytes) {
    Count count;
    for (const char byte : bytes) {
        if (answer_begins_) {
            answer_begins_ = false;
            counts_ = byte == first_;
            wrong_ = byte != first_;
            left_ = 0;
        } else if (counts_ && byte >= '0' && byte <= '9') {
            left_ = 10 * left_ + static_cast<std::uint64_t>(byte - '0');
        }
        if (byte != '\n') continue;
        if (counts_) {
            counts_ = false;
            left_ *= 2;
        } else if (left_ > 0) {
            --left_;
        }
        if (left_ > 0) continue;
        ++count.answers;
        count.wrong += wrong_ ? 1 : 0;
        answer_begins_ = true;
    }
    return count;
}

}  // namespace bench
