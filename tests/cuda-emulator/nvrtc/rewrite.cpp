// "C++ language extensions" of the programming guide: memory space specifiers and __global__, told to a compiler that knows neither.
#include "nvrtc/rewrite.h"

#include <algorithm>
#include <cctype>

#include "core/refusal.h"
#include "nvrtc/tokens.h"

namespace emu {

namespace {

struct KernelName {
    std::string name;
    std::string bounds; ///< arguments of __launch_bounds__
};

class Rewriter {
public:
    explicit Rewriter(const std::string &text) : _tokens(tokenise(text)) {}

    Rewritten run(const std::vector<std::string> &expressions)
    {
        size_t statement = 0; ///< the first token after the last ; { or }
        for (size_t i = 0; i < _tokens.size(); i++) {
            const std::string &word = _tokens[i].text;
            if (word == "{") {
                _scopes.push_back(scope_of(statement, i));
            } else if (word == "}" && !_scopes.empty()) {
                _scopes.pop_back();
            } else if (word == "asm" || word == "__asm__" || word == "__asm") {
                error(i, "inline PTX: the emulator runs portable CUDA C++ only");
            } else if (word == "__global__") {
                add_kernel(statement, i);
            } else if (word == "__shared__") {
                i = rewrite_shared(statement, i);
                statement = i + 1;
                continue;
            }
            if (word == ";" || word == "{" || word == "}") {
                statement = i + 1;
            }
        }
        Rewritten result;
        for (const Token &token : _tokens) {
            result.text += token.before + token.text;
        }
        result.text += table(expressions);
        result.errors = _errors;
        return result;
    }

private:
    void error(size_t token, const std::string &text)
    {
        _errors.push_back(format("%s(%d): error: %s", _tokens[token].file.c_str(), _tokens[token].line, text.c_str()));
    }

    /// What a brace opens: the name of a namespace, "" for extern "C" and nameless ones, "{" for everything else.
    std::string scope_of(size_t from, size_t brace) const
    {
        for (size_t i = from; i < brace; i++) {
            if (_tokens[i].text == "namespace") {
                std::string name;
                for (size_t j = i + 1; j < brace; j++) {
                    name += _tokens[j].text;
                }
                return name;
            }
        }
        const bool linkage = from + 2 == brace && _tokens[from].text == "extern" && _tokens[from + 1].text == "\"C\"";
        return linkage ? "" : "{";
    }

    bool is_in_function() const { return std::find(_scopes.begin(), _scopes.end(), "{") != _scopes.end(); }

    void add_kernel(size_t statement, size_t at)
    {
        for (size_t i = statement; i < at; i++) {
            if (_tokens[i].text == "template") {
                return; // its instances are kernels where the host names them
            }
        }
        KernelName kernel;
        for (size_t i = at + 1; i + 1 < _tokens.size(); i++) {
            const std::string &word = _tokens[i].text;
            if (word == "__launch_bounds__" || word == "__maxnreg__" || word == "__cluster_dims__") {
                const size_t close = closing(i + 1);
                for (size_t j = i + 2; word == "__launch_bounds__" && j < close; j++) {
                    kernel.bounds += _tokens[j].before + _tokens[j].text;
                }
                i = close;
            } else if (_tokens[i + 1].text == "(" && is_identifier(word)) {
                kernel.name = word;
                break;
            } else if (word == ";" || word == "{") {
                break;
            }
        }
        if (kernel.name.empty()) {
            error(at, "a __global__ declaration without a name");
            return;
        }
        for (size_t i = _scopes.size(); i-- > 0;) {
            kernel.name = _scopes[i].empty() ? kernel.name : _scopes[i] + "::" + kernel.name;
        }
        const auto same = [&](const KernelName &known) { return known.name == kernel.name; };
        const auto known = std::find_if(_kernels.begin(), _kernels.end(), same);
        if (known == _kernels.end()) {
            _kernels.push_back(kernel);
        } else if (known->bounds.empty()) {
            known->bounds = kernel.bounds;
        }
    }

    /// The token that closes the bracket at `open`.
    size_t closing(size_t open) const
    {
        int depth = 0;
        for (size_t i = open; i < _tokens.size(); i++) {
            const std::string &word = _tokens[i].text;
            depth += word == "(" || word == "[" || word == "{" ? 1 : word == ")" || word == "]" || word == "}" ? -1 : 0;
            if (depth == 0) {
                return i;
            }
        }
        return _tokens.size() - 1;
    }

    /// `__shared__ float a[4], b;` becomes a structure of the same members and a reference to each; the same with `extern` a pointer to
    /// the launch's dynamic shared memory. Gives the last token of the statement.
    size_t rewrite_shared(size_t statement, size_t at)
    {
        size_t end = at;
        while (end < _tokens.size() && _tokens[end].text != ";") {
            end = _tokens[end].text == "(" || _tokens[end].text == "[" || _tokens[end].text == "{" ? closing(end) + 1 : end + 1;
        }
        if (end >= _tokens.size()) {
            error(at, "a __shared__ declaration without an end");
            return _tokens.size() - 1;
        }
        bool external = false;
        std::string declaration;
        std::vector<std::string> names;
        std::string last;
        for (size_t i = statement; i < end; i++) {
            const std::string &word = _tokens[i].text;
            const std::string before = i == statement ? "" : _tokens[i].before;
            external = external || word == "extern";
            const bool dropped = word == "extern" || word == "static" || word == "__shared__";
            if (word == "=") {
                error(i, "a __shared__ variable cannot be initialised");
            }
            if (word == "[" || word == "(" || word == "{") {
                const size_t close = closing(i);
                const bool open = external && word == "[" && close == i + 1;
                for (size_t j = i; j <= close; j++) {
                    declaration += _tokens[j].before + _tokens[j].text + (open && j == i ? "1" : "");
                }
                if (word == "[" && !last.empty()) {
                    names.push_back(last);
                    last.clear();
                }
                i = close;
                continue;
            }
            if (word == "," && !last.empty()) {
                names.push_back(last);
            }
            declaration += dropped ? before : before + word;
            last = word == "," ? "" : is_identifier(word) && !dropped ? word : last;
        }
        if (!last.empty()) {
            names.push_back(last);
        }
        replace(statement, end, at, declaration, names, external);
        return end;
    }

    void replace(size_t statement, size_t end, size_t at, const std::string &declaration, const std::vector<std::string> &names, bool external)
    {
        const unsigned slot = _slots++;
        const std::string type = format("CudaEmulatorShared%u", slot);
        const bool local = is_in_function();
        std::string text = "struct " + type + " { " + declaration + "; };";
        if (local && !external) {
            text += format(" static __attribute__((used)) char cuda_emulator_shared_%u[sizeof(%s)];", slot, type.c_str());
            text += format(" %s &cuda_emulator_storage_%u = cuda_emulator::shared<%s>(%u, \"%s\");", type.c_str(), slot, type.c_str(), slot,
                names.empty() ? "" : names[0].c_str());
        }
        std::string lines;
        for (const std::string &name : names) {
            const std::string value = external
                ? "reinterpret_cast<decltype(&static_cast<" + type + " *>(nullptr)->" + name + "[0])>(cuda_emulator::dynamic_shared())"
                : local ? format("cuda_emulator_storage_%u.", slot) + name
                        : format("cuda_emulator::shared<%s>(%u, \"%s\").", type.c_str(), slot, name.c_str()) + name;
            if (local) {
                text += external ? " auto *const " + name + " = " + value + ";" : " auto &" + name + " = " + value + ";";
            } else {
                lines += "\n#define " + name + " (" + value + ")";
            }
        }
        if (!local) {
            text += lines + format("\n# %d \"%s\"\n", _tokens[end].line, _tokens[end].file.c_str());
        }
        (void)at;
        for (size_t i = statement; i <= end; i++) {
            _tokens[i].text.clear();
            if (i != statement) {
                _tokens[i].before.clear();
            }
        }
        _tokens[statement].text = text;
    }

    std::string table(const std::vector<std::string> &expressions) const
    {
        std::string text = "\n# 1 \"kernels of this program\"\n";
        std::string entries;
        for (const KernelName &kernel : _kernels) {
            text += format("static constexpr cuda_emulator::Bounds cuda_emulator_bounds_%zu{", static_cast<size_t>(&kernel - _kernels.data())) + kernel.bounds + "};\n";
            const std::string bounds = format("cuda_emulator_bounds_%zu", static_cast<size_t>(&kernel - _kernels.data()));
            entries += "    cuda_emulator::Entry<&" + kernel.name + ">::make(\"" + kernel.name + "\", " + bounds + ".maxThreads, " + bounds + ".minBlocks),\n";
        }
        for (const std::string &expression : expressions) {
            const size_t first = expression.find_first_not_of("& ");
            const std::string name = first == std::string::npos ? expression : expression.substr(first);
            const bool known = std::any_of(_kernels.begin(), _kernels.end(), [&](const KernelName &kernel) { return kernel.name == name; });
            if (!known) {
                entries += "    cuda_emulator::Entry<&" + name + ">::make(\"" + name + "\"),\n";
            }
        }
        const bool none = entries.empty();
        text += "static const cuda_emulator::Kernel cuda_emulator_kernels[] = {\n" + (none ? "    {}\n" : entries) + "};\n";
        text += "extern \"C\" __attribute__((visibility(\"default\"))) const cuda_emulator::Module cuda_emulator_module = {cuda_emulator::kAbi, "
            + std::string(none ? "0" : "sizeof(cuda_emulator_kernels) / sizeof(cuda_emulator_kernels[0])")
            + ", cuda_emulator_kernels, &cuda_emulator_runtime};\n";
        return text;
    }

    std::vector<Token> _tokens;
    std::vector<std::string> _scopes;
    std::vector<KernelName> _kernels;
    std::vector<std::string> _errors;
    unsigned _slots = 0;
};

} // namespace

Rewritten rewrite(const std::string &preprocessed, const std::vector<std::string> &expressions)
{
    return Rewriter(preprocessed).run(expressions);
}

} // namespace emu
