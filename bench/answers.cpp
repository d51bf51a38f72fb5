#include "bench/answers.hpp"

#include <cstring>

namespace bench {

Answers::Count Answers::take(std::string_view bytes) {
    Count count;
    if (kind_ == Kind::none) return count;
    while (!bytes.empty()) {
        if (answer_begins_) {
            wrong_ = bytes.front() != first_;
            refused_ = bytes.front() == '?';
            answer_begins_ = false;
        }
        const auto* const end =
            static_cast<const char*>(std::memchr(bytes.data(), '\n', bytes.size()));
        if (end == nullptr) {
            line_begins_ = false;
            break;
        }
        const bool empty = line_begins_ && end == bytes.data();
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

}  // namespace bench
