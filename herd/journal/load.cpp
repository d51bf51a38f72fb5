#include "herd/journal/load.hpp"

#include "herd/journal/format.hpp"

#include <algorithm>
#include <cassert>
#include <cstring>
#include <utility>
#include <variant>

namespace herd::journal {

using Kind = Content::Kind;

void Loading::add(std::size_t bytes) {
    assert(taken_ == 0);
    assert(bytes <= room().size());
    held_ += bytes;
    content.size += bytes;
}

bool Loading::take(std::uint64_t lines) {
    while (going_ && lines > 0) {
        const auto texts = next_records(std::min<std::uint64_t>(lines, texts_.size()));
        if (texts.empty()) break;
        for (const Batch::Line& line : batch_.take(texts, core_.table)) take(line);
        lines -= texts.size();
    }
    assert(taken_ <= held_);
    if (going_ && lines == 0) return true;
    held_ -= taken_;
    // Only the size of a bad file is still wanted.
    if (held_ == buffer_.size()) going_ = false;
    if (!going_) held_ = 0;
    std::memmove(buffer_.data(), buffer_.data() + std::exchange(taken_, 0), held_);
    return false;
}

void Loading::skip(std::uint64_t bytes) {
    zeros_ += bytes;
    content.size += bytes;
}

// The texts of the next few lines behind those that were taken, which are taken then, too; none
// when there is no whole line more, or a bad one.
std::span<const std::string_view> Loading::next_records(std::size_t most) {
    assert(most <= texts_.size());
    std::size_t count = 0;
    while (going_ && count < most) {
        const std::string_view rest(buffer_.data() + taken_, held_ - taken_);
        const bool first = content.kind == Kind::fresh;
        if (!first && rest.starts_with('\0')) {
            const std::size_t hole = std::min(rest.find_first_not_of('\0'), rest.size());
            zeros_ += hole;
            taken_ += hole;
            continue;
        }
        const Line next = read_line(rest);
        if (next.kind == Line::Kind::cut) break;
        going_ = next.kind == Line::Kind::good && (!first || title(next.text));
        if (!going_) break;
        taken_ += next.size;
        content.good += std::exchange(zeros_, 0) + next.size;
        if (!first) texts_[count++] = next.text;
    }
    return std::span(texts_).first(count);
}

// Only what a first write cut short may look like is thrown away.
Content Loading::finish() {
    assert(content.good <= content.size);
    assert(content.expired + content.refused() <= content.records);
    const std::size_t whole = title_mark.size() + core_.name.size() + frame_size;
    const bool cut = going_ && content.size < whole;
    if (content.kind == Kind::fresh && !cut) content.kind = Kind::unreadable;
    return content;
}

void Loading::take(const Batch::Line& line) {
    assert(content.kind == Kind::ours);
    ++content.records;
    const auto* const record =
        line.message ? std::get_if<protocol::AtLine>(&*line.message) : nullptr;
    if (record != nullptr) return take(*record, line.key);
    // It is what was written, whatever it means: those behind it are none the worse.
    ++content.no_record;
}

// As from a neighbour, but of no run of one's: it goes to all of them.
void Loading::take(const protocol::AtLine& record, table::LocationTable::Key key) {
    if (core_.expired(record)) {
        ++content.expired;
        return;
    }
    if (core_.too_far_ahead(record.skew_ns, record.time.nanoseconds)) {
        ++content.too_far_ahead;
        return;
    }
    const table::Stored stored = core_.table.relay(record, key, loaded_source);
    if (stored == table::Stored::table_full || stored == table::Stored::no_long_line)
        ++content.no_space;
}

// Whether it is the title of this server's journal.
bool Loading::title(std::string_view text) {
    assert(content.kind == Kind::fresh);
    const bool named = text.starts_with(title_mark);
    const bool own = named && text.substr(title_mark.size()) == core_.name;
    content.kind = own ? Kind::ours : Kind::others;
    return own;
}

}  // namespace herd::journal
