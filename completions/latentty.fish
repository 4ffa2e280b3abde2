# fish completion of latentty.  The program knows its words; where it has none, a file's name is meant.
function __latentty_words
    set -l words (commandline -opc)
    set -l current (commandline -ct)
    set -l found ($words[1] complete $words[2..-1] "$current" 2>/dev/null)
    if test (count $found) -gt 0
        printf '%s\n' $found
    else
        __fish_complete_path "$current"
    end
end
complete -c latentty -f -a '(__latentty_words)'
