# What may come next on the command line of herd, in bash: the program knows it.
_herd() {
    local word typed=${COMP_WORDS[COMP_CWORD]}
    COMPREPLY=()
    while IFS=$'\t' read -r word _; do
        case $word in
            :files) mapfile -t COMPREPLY < <(compgen -f -- "$typed") ;;
            :folders) mapfile -t COMPREPLY < <(compgen -d -- "$typed") ;;
            *) COMPREPLY+=("$word") && continue ;;
        esac
        compopt -o filenames 2>/dev/null
    done < <("${COMP_WORDS[0]}" --complete "${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)
}
complete -F _herd herd
