package keys

import "strings"

// stems are the words that passwords are most often made of, lower case, written
// down for this project by theme. It need not be long: how they are dressed up is
// recognised separately.
var stems = runes(`
	password passwort passwd passphrase pass motdepasse contrasena senha parola wachtwoord haslo
	secret geheim letmein openup opensesame enter login logon signin access welcome willkommen
	admin administrator root user guest test tester testing demo default change changeme temp
	temporary example sample server system computer internet network windows linux ubuntu oracle
	google facebook twitter instagram youtube discord minecraft roblox fortnite steam samsung
	apple iphone android microsoft amazon netflix latchkey openid oauth
	master monkey dragon tiger lion eagle falcon phoenix panther wolf shark bear horse turtle
	bunny kitten kitty puppy doggy buddy tigger garfield snoopy mickey simba bambi
	football soccer baseball basketball hockey tennis golf rugby cricket running fishing
	liverpool arsenal chelsea barcelona juventus ronaldo messi yankees lakers cowboys steelers
	superman batman spiderman ironman hulk marvel starwars startrek skywalker yoda vader
	pokemon pikachu naruto sonic mario zelda gandalf hogwarts harry potter matrix neo trinity
	princess prince queen king angel heaven jesus christ god bless blessed faith grace devil
	love lover loveme loveyou iloveyou ilove sweetheart sweet honey baby babe darling sexy
	family mother father mommy daddy brother sister friend friends forever together always
	sunshine sunflower flower rainbow summer winter spring autumn fall snow rain thunder storm
	january february march april june july august september october november december
	monday tuesday wednesday thursday friday saturday sunday morning midnight today
	shadow killer hunter ranger ninja samurai warrior soldier pirate rocket hammer legend hero
	mustang ferrari porsche mercedes corvette harley yamaha toyota honda
	chocolate cookie cheese pepper ginger banana orange lemon cherry peanut butter coffee pizza
	purple yellow silver golden black white green blue pink diamond crystal
	michael jennifer jessica ashley daniel matthew andrew joshua charlie thomas robert jordan
	george william nicole michelle amanda samantha anthony alexander maria anna sophie martin
	london paris berlin america canada england mexico brazil dallas texas boston chicago
	freedom liberty peace happy lucky cool awesome whatever nothing something trustno nopass
	hello world hola bonjour goodbye please thanks thankyou fuckyou fuck shit bitch asshole
	this is my the new old our your you and for not its that one
	correct battery staple
	abc123 123abc qwe asd zxc qaz wsx
	`)

func runes(words string) [][]rune {
	var all [][]rune
	for _, word := range strings.Fields(words) {
		all = append(all, []rune(word))
	}
	return all
}
