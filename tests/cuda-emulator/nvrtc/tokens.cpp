#include "nvrtc/tokens.h"

#include <cctype>
#include <cstdlib>

namespace emu {

namespace {

bool is_word(char letter)
{
    return std::isalnum(static_cast<unsigned char>(letter)) != 0 || letter == '_' || letter == '$';
}

class Scanner {
public:
    explicit Scanner(const std::string &text) : _text(text) {}

    std::vector<Token> run()
    {
        std::vector<Token> tokens;
        while (_at < _text.size()) {
            Token token;
            token.before = blanks();
            token.file = _file;
            token.line = _line;
            token.text = word();
            for (const char letter : token.text) {
                _line += letter == '\n' ? 1 : 0;
            }
            tokens.push_back(token);
        }
        return tokens;
    }

private:
    /// White space and whole lines that begin with #: markers (# 12 "file") and pragmas.
    std::string blanks()
    {
        std::string skipped;
        while (_at < _text.size()) {
            if (_text[_at] == '#' && (_at == 0 || _text[_at - 1] == '\n')) {
                const size_t end = std::min(_text.find('\n', _at), _text.size());
                const std::string line = _text.substr(_at, end - _at);
                skipped += line;
                _at = end;
                follow(line);
                continue;
            }
            if (std::isspace(static_cast<unsigned char>(_text[_at])) == 0) {
                break;
            }
            _line += _text[_at] == '\n' ? 1 : 0;
            skipped += _text[_at++];
        }
        return skipped;
    }

    void follow(const std::string &marker)
    {
        const size_t digit = marker.find_first_of("0123456789");
        const size_t open = marker.find('"'), close = marker.find('"', open + 1);
        if (digit != 2 || open == std::string::npos || close == std::string::npos) {
            return;
        }
        _line = std::atoi(marker.c_str() + digit) - 1; // the newline after it counts
        _file = marker.substr(open + 1, close - open - 1);
    }

    std::string word()
    {
        if (_at >= _text.size()) {
            return {};
        }
        const size_t from = _at;
        const char first = _text[_at];
        if (first == '"' || first == '\'') {
            literal(first);
        } else if (is_word(first)) {
            // A number's separators and exponents are part of it: 1'000, 1e-5f.
            const bool number = std::isdigit(static_cast<unsigned char>(first)) != 0;
            while (_at < _text.size() && (is_word(_text[_at]) || (number && (_text[_at] == '.' || _text[_at] == '\'' || is_exponent_sign())))) {
                _at++;
            }
            if (!number && _at < _text.size() && _text[_at] == '"' && _text[_at - 1] == 'R') {
                raw_literal();
            }
        } else {
            _at++;
        }
        return _text.substr(from, _at - from);
    }

    bool is_exponent_sign() const
    {
        const char sign = _text[_at], before = _text[_at - 1];
        return (sign == '+' || sign == '-') && (before == 'e' || before == 'E' || before == 'p' || before == 'P');
    }

    void literal(char quote)
    {
        for (_at++; _at < _text.size() && _text[_at] != quote; _at++) {
            _at += _text[_at] == '\\' ? 1 : 0;
        }
        _at = std::min(_at + 1, _text.size());
    }

    void raw_literal()
    {
        const size_t open = _text.find('(', _at);
        const std::string end = open == std::string::npos ? "" : ")" + _text.substr(_at + 1, open - _at - 1) + "\"";
        const size_t close = open == std::string::npos ? std::string::npos : _text.find(end, open);
        _at = close == std::string::npos ? _text.size() : close + end.size();
    }

    const std::string &_text;
    size_t _at = 0;
    std::string _file = "program";
    int _line = 1;
};

} // namespace

bool is_identifier(const std::string &word)
{
    return !word.empty() && is_word(word[0]) && std::isdigit(static_cast<unsigned char>(word[0])) == 0;
}

std::vector<Token> tokenise(const std::string &text)
{
    return Scanner(text).run();
}

} // namespace emu
