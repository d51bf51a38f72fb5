#include "herd/phones/notebook.hpp"

#include "reactor/sys.hpp"

#include <algorithm>
#include <cassert>
#include <utility>

namespace herd::phones {

reactor::Result<void> Notebook::map() {
    static_assert(page_count % places == 0);
    auto pages = reactor::PageArray<Page>::map(page_count);
    if (!pages) return std::unexpected(pages.error());
    pages_ = std::move(*pages);
    hash_ = {reactor::sys::random_bits(), reactor::sys::random_bits()};
    return {};
}

std::size_t Notebook::first_of(std::uint64_t key) {
    assert(key != 0);
    return key / 2 % (page_count / places) * places;
}

// Its own, or the one that was written into the longest time ago, empty.
Notebook::Page& Notebook::page_of(std::uint64_t key) {
    const std::size_t first = first_of(key);
    Page* oldest = &pages_[first];
    for (std::size_t i = first; i < first + places; ++i) {
        Page& page = pages_[i];
        if (page.key == key) return page;
        if (page.at_ns < oldest->at_ns) oldest = &page;
    }
    oldest->key = key;
    oldest->size = 0;
    return *oldest;
}

// The line moves to the front, or takes the place of the last one.
void Notebook::note(std::uint64_t key,
                    std::string_view client,
                    std::string_view fate,
                    std::int64_t now_ns,
                    std::int64_t time_ns) {
    Page& page = page_of(key);
    page.at_ns = now_ns;
    const bool cut = client.size() > Line::client_size_max;
    if (cut) client = client.substr(0, Line::client_size_max);
    auto* const begin = page.lines.begin();
    auto* const end = begin + page.size;
    auto* line = std::find_if(begin, end, [&](const Line& each) {
        return each.fate == fate && each.cut == cut && each.client() == client;
    });
    if (line == end) {
        if (page.size < lines_max) {
            ++page.size;
        } else {
            --line;
        }
        *line = {};
        line->fate = fate;
        line->cut = cut;
        line->client_size = static_cast<std::uint8_t>(client.size());
        std::ranges::copy(client, line->client_bytes.begin());
    }
    ++line->count;
    line->at_ns = now_ns;
    line->time_ns = time_ns;
    if (line != begin) std::rotate(begin, line, line + 1);
}

std::span<const Notebook::Line> Notebook::lines(std::uint64_t key) const {
    const std::size_t first = first_of(key);
    for (std::size_t i = first; i < first + places; ++i) {
        const Page& page = pages_[i];
        if (page.key == key) return std::span(page.lines).first(page.size);
    }
    return {};
}

}  // namespace herd::phones
