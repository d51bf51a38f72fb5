#include "herd/http/target.hpp"

#include <algorithm>
#include <cassert>
#include <charconv>

namespace herd::http {
namespace {

// The byte that "%XY" in front stands for, or nothing.
std::optional<char> escaped_byte(std::string_view text) {
    if (text.size() < 3 || text[0] != '%') return std::nullopt;
    unsigned value = 0;
    const char* const end = text.data() + 3;
    const auto parsed = std::from_chars(text.data() + 1, end, value, 16);
    if (parsed.ec != std::errc{} || parsed.ptr != end) return std::nullopt;
    return static_cast<char>(value);
}

}  // namespace

void Target::parse(std::string_view target) {
    text_.clear();
    parameter_count_ = 0;
    // The absolute form, as to a proxy, is legal to send to anybody.
    if (target.starts_with("http://")) {
        target.remove_prefix(std::min(target.find('/', 7), target.size()));
    }
    const std::size_t path_end = std::min(target.find('?'), target.size());
    text_.append(target.substr(0, path_end));
    path_size_ = path_end;
    assert(path_size_ == text_.size());
    target.remove_prefix(path_end);
    while (!target.empty()) {
        assert(target.front() == '?' || target.front() == '&');
        target.remove_prefix(1);
        const std::size_t end = std::min(target.find('&'), target.size());
        if (end > 0) add_parameter(target.substr(0, end));
        target.remove_prefix(end);
    }
}

std::optional<std::string_view> Target::find(std::string_view name) const {
    for (std::size_t i = 0; i < parameter_count_; ++i) {
        if (view(parameters_[i].name) == name) return view(parameters_[i].value);
    }
    return std::nullopt;
}

void Target::add_parameter(std::string_view text) {
    if (parameter_count_ == parameters_max) return;
    const std::size_t equals = std::min(text.find('='), text.size());
    const Piece name = decode(text.substr(0, equals));
    const Piece value = decode(text.substr(std::min(equals + 1, text.size())));
    parameters_[parameter_count_++] = {name, value};
    assert(parameter_count_ <= parameters_max);
}

Target::Piece Target::decode(std::string_view text) {
    const std::size_t begin = text_.size();
    while (!text.empty()) {
        const auto byte = escaped_byte(text);
        text_ += byte ? *byte : text[0] == '+' ? ' ' : text[0];
        text.remove_prefix(byte ? 3 : 1);
    }
    assert(begin <= text_.size());
    return {begin, text_.size() - begin};
}

}  // namespace herd::http
