#include "herd/journal/load.hpp"

#include "herd/journal/format.hpp"
#include "herd/table/message_batch.hpp"
#include "reactor/pages.hpp"
#include "reactor/sys.hpp"

#include <algorithm>
#include <array>
#include <cassert>
#include <cstring>
#include <span>
#include <utility>
#include <variant>

namespace herd::journal {

namespace {

using Kind = Content::Kind;

constexpr std::size_t piece_size = std::size_t{1} << 20;

// Takes a file piece by piece; what is left of a piece goes before the next one.
class Loading {
public:
    explicit Loading(Core& core) : core_(core) {}

    // Returns how many bytes were read as lines. After a bad line, always 0.
    std::size_t read(std::string_view bytes);
    // The file has a hole here, behind what was read.
    void skip(std::uint64_t bytes);
    bool in_hole() const { return going_ && zeros_ > 0; }
    void stop() { going_ = false; }
    Content finish();
    bool going() const { return going_; }

    Content content;

private:
    using Batch = table::MessageBatch;

    bool title(std::string_view text);
    std::span<const std::string_view> next_records(std::string_view bytes, std::size_t& taken);
    void take(const Batch::Line& line);
    void take(const protocol::AtLine& record, table::LocationTable::Key key);

    Core& core_;
    Batch batch_;
    std::array<std::string_view, Batch::size_max> texts_;
    std::uint64_t zeros_ = 0;  // Behind the last good line: good, too, if there is another one.
    bool going_ = true;
};

std::size_t Loading::read(std::string_view bytes) {
    std::size_t taken = 0;
    while (going_) {
        const auto texts = next_records(bytes, taken);
        if (texts.empty()) break;
        for (const Batch::Line& line : batch_.take(texts, core_.table)) take(line);
    }
    assert(taken <= bytes.size());
    return taken;
}

void Loading::skip(std::uint64_t bytes) {
    zeros_ += bytes;
    content.size += bytes;
}

// The texts of the next few lines behind those that were taken, which are taken then, too; none
// when there is no whole line more, or a bad one.
std::span<const std::string_view> Loading::next_records(std::string_view bytes,
                                                        std::size_t& taken) {
    std::size_t count = 0;
    while (going_ && count < texts_.size()) {
        const std::string_view rest = bytes.substr(taken);
        const bool first = content.kind == Kind::fresh;
        if (!first && rest.starts_with('\0')) {
            const std::size_t hole = std::min(rest.find_first_not_of('\0'), rest.size());
            zeros_ += hole;
            taken += hole;
            continue;
        }
        const Line next = read_line(rest);
        if (next.kind == Line::Kind::cut) break;
        going_ = next.kind == Line::Kind::good && (!first || title(next.text));
        if (!going_) break;
        taken += next.size;
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
    const table::Stored stored = core_.table.relay(record, key, 0);
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

}  // namespace

reactor::Result<Content> load(int fd, Core& core) {
    assert(fd >= 0);
    assert(!core.name.empty());
    auto pages = reactor::Pages::map(piece_size);
    if (!pages) return std::unexpected(pages.error());
    const std::span<char> buffer = (*pages).bytes();
    Loading loading(core);
    std::size_t held = 0;
    while (true) {
        assert(held < buffer.size());
        const auto got = reactor::sys::read(fd, buffer.subspan(held));
        if (!got) return std::unexpected(got.error());
        loading.content.size += *got;
        if (*got == 0) break;
        held += *got;
        assert(held <= buffer.size());
        const std::size_t taken = loading.read({buffer.data(), held});
        held -= taken;
        // No line is as long as a piece. Only the size of a bad file is still wanted.
        if (held == buffer.size()) loading.stop();
        if (!loading.going()) held = 0;
        std::memmove(buffer.data(), buffer.data() + taken, held);
        if (held == 0 && loading.in_hole()) loading.skip(reactor::sys::skip_hole(fd));
    }
    return loading.finish();
}

}  // namespace herd::journal
