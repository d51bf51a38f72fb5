#include "herd/phones/way.hpp"

namespace herd::phones {

namespace {

constexpr std::string_view ulogger_end = "/client/index.php";
constexpr std::string_view phonetrack_mark = "/logPost/";
constexpr std::string_view token_begin = "/p/";

// "TOKEN" or "TOKEN/DEVICE".
std::optional<Way> with_token(std::string_view text, Shape shape) {
    const std::size_t slash = text.find('/');
    const std::string_view token = text.substr(0, slash);
    const std::string_view device =
        slash == std::string_view::npos ? std::string_view() : text.substr(slash + 1);
    if (token.empty() || device.find('/') != std::string_view::npos) return std::nullopt;
    return Way{shape, token, device};
}

}  // namespace

std::optional<Way> way_of(std::string_view path) {
    if (path.size() > 1 && path.ends_with('/')) path.remove_suffix(1);
    Shape shape = Shape::plain;
    if (path.ends_with(ulogger_end)) {
        path.remove_suffix(ulogger_end.size());
        shape = Shape::ulogger;
    }
    if (path.starts_with(token_begin)) {
        return with_token(path.substr(token_begin.size()), shape);
    }
    if (shape == Shape::ulogger) return Way{shape};
    const std::size_t mark = path.find(phonetrack_mark);
    if (mark != std::string_view::npos) {
        return with_token(path.substr(mark + phonetrack_mark.size()), Shape::phonetrack);
    }
    if (path == "/" || path == "/log") return Way{};
    if (path == "/pub") return Way{Shape::owntracks};
    if (path == "/api") return Way{Shape::overland};
    return std::nullopt;
}

}  // namespace herd::phones
