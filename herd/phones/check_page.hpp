#pragma once

#include "herd/access/grant.hpp"
#include "herd/core.hpp"
#include "herd/phones/notebook.hpp"
#include "protocol/text_writer.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace herd::phones {

// What came last with a token, and what became of it, for who has that token, as a page for a
// browser: whole in itself, it loads nothing and has no script. Where a client is it says to who
// may ask for it, and to nobody else.
class CheckPage {
public:
    // A client's name may be six times as long as it is, and twice that.
    static constexpr std::size_t line_size_max = 6 * Notebook::Line::client_size_max + 512;
    static constexpr std::size_t size_max = 2048 + Notebook::lines_max * line_size_max;

    explicit CheckPage(const Core& core) : core_(core) {}

    // Until the next call.
    std::string_view write(std::span<const Notebook::Line> lines,
                           const access::Grant& grant,
                           std::int64_t now_ns);

private:
    void put_line(protocol::TextWriter& out,
                  const Notebook::Line& line,
                  const access::Grant& grant,
                  std::int64_t now_ns) const;
    void put_place(protocol::TextWriter& out,
                   const Notebook::Line& line,
                   const access::Grant& grant,
                   std::int64_t now_ns) const;

    const Core& core_;
    std::array<char, size_max> page_{};
};

}  // namespace herd::phones
