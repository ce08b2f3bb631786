"""The words of mood in 14 languages, written for Aftersale; `*` is any ending, `_` a space."""

BAD = """
bad poor slow annoy* disappoint* unhappy upset terrible awful horrible worst worse broken damaged wrong problem*
unacceptable useless
waste hate dislike never_again not_working rude cheap_quality fed_up sad frustrat* late unsatisf* dissatisf* regret
fail* defect* refus*
schlecht* enttäuscht enttäuschend* kaputt mangelhaft ärger* unzufrieden unverschämt schrecklich furchtbar leider
nie_wieder defekt
mauvais* déçu* nul nulle horrible cassé* lent pire inadmissible inacceptable décevant* mécontent* malheureusement
jamais_plus problème*
malo mala mal pésim* decepcion* roto terrible peor lento horrible nunca_más defectuos* insatisfech* problema*
male brutto pessim* delus* rotto terribile peggio lento orribile mai_più difettos* purtroppo scadente
ruim péssim* decepcion* quebrad* pior horrível lento nunca_mais defeito* insatisfeit* mau má
slecht* teleurgesteld teleurstellend kapot vreselijk waardeloos traag helaas nooit_meer ontevreden
zły zła źle słab* rozczarowan* zepsut* okropn* najgorsz* fatal* niestety nigdy_więcej niezadowol* uszkodzon*
kötü berbat rezalet bozuk kırık memnun_değil* yavaş maalesef pişman* hayal_kırıklığı beğenmedim sorun* kalitesiz
mağdur*
pis bərbad xarab narazı* təəssüf* məyus* sınıq problem*
плох* ужасн* разочарован* сломан* отвратительн* худш* недоволен недовольн* медленно брак к_сожалению никогда_больше
кошмар
سيء سيئه سيئ رديء محبط مكسور اسوا بطيء خيبه للاسف مشكله فظيع
差 糟糕 失望 坏了 垃圾 太慢 最差 不满 难用 破损 后悔 劣质 不好
悪い 最悪 がっかり 残念 壊れ ひどい 遅い 不満 困って 失望
"""

ANGER = """
furious angry outrag* disgust* ridiculous scam* fraud* thie* stolen liar* lying bullshit fuck* fucking shit wtf
damn goddamn bloody
crap idiot* incompetent joke rip_off ripoff pathetic sick_of
wütend frechheit betrug betrüger* sauerei unverschämtheit scheiß* scheisse lügner* abzocke verarscht saftladen idiot*
furieux furieuse arnaque* escroc* honte scandal* merde voleurs foutage
furios* estafa* vergüenza ladrones mierda indignante mentiros* robo
furios* truffa* vergogna ladri merda schifo indecente
furios* golpe* vergonha ladrões merda absurdo palhaçada roubo
woedend oplicht* schandalig belachelijk schande dieven klote
wściekł* oszust* złodziej* skandal* żenada kpina gówno
rezil* dolandırıcı* hırsız* sinir* skandal* yazıklar_olsun lanet terbiyesiz*
fırıldaq* dələduz* rüsvay* biabır* əsəb*
мошенник* обман* воры безобразие возмут* бесит хамств* издевательств* позор
نصب نصابين احتيال حرامي غاضب لصوص سرقه وقح مهزله
骗子 诈骗 气死 无耻 坑人 愤怒 垃圾店 他妈
詐欺 ふざけ 怒り 許せない 馬鹿に 呆れ
"""

GOOD = """
good great nice thanks thank_you happy pleased satisfied fine helpful quick fast friendly well beautiful
comfortable like enjoy appreciate
gut gute guter super danke toll schön zufrieden schnell freundlich prima
bon bonne bien merci super content* satisfait* rapide sympa joli agréable
bueno buena bien gracias content* satisfech* rápido amable bonito genial
buono buona bene grazie content* soddisfatt* veloce gentile bello
bom boa bem obrigad* content* satisfeit* rápido gentil bonito ótim*
goed goede bedankt dank fijn tevreden snel vriendelijk mooi leuk
dobr* dziękuj* zadowolon* szybk* mił* ładn* fajn* super
iyi güzel teşekkür* memnun* hızlı kaliteli sağolun beğendim harika
yaxşı gözəl təşəkkür* razıyam sürətli sağ_olun
хорош* спасибо доволен довольна быстр* приятн* красив* удобн* отличн*
جيد شكرا ممتاز راضي سريع جميل رائع حلو
好 谢谢 满意 不错 快 漂亮 喜欢 感谢
良い いい ありがとう 満足 早い 嬉しい 綺麗 気に入 素晴らし
"""

LOVE = """
love excellent amazing awesome fantastic perfect wonderful best recommend* brilliant outstanding
liebe hervorragend ausgezeichnet fantastisch perfekt wunderbar empfehle* begeistert
adore excellent* parfait* fantastique génial* recommande* merveill* magnifique
encanta* excelente perfect* fantástic* maravillos* recomiend* increíble
adoro eccellente perfett* fantastic* meraviglios* consiglio ottim*
amei adoro excelente perfeit* fantástic* maravilhos* recomendo incrível
geweldig uitstekend perfect fantastisch aanrader prachtig
uwielbiam doskonał* świetn* fantastyczn* polecam wspaniał* rewelac*
mükemmel harika bayıldım muhteşem tavsiye_ederim süper
əla mükəmməl möhtəşəm heyran* tövsiyə_edirəm
обожаю превосходн* прекрасн* рекомендую великолепн* восторг* идеальн*
رائع ممتاز مذهل انصح احببت مثالي
太棒 完美 非常好 强烈推荐 超级喜欢 爱了 推荐
最高 完璧 大好き おすすめ 感動
"""

NOT = """
not isnt wasnt arent dont didnt doesnt no never nicht kein keine pas jamais non no nunca não nao niet geen nie
değil не нет ليس غير لا
"""

LEGAL = """
lawyer lawyers attorney sue suing lawsuit legal_action court small_claims consumer_protection trading_standards
chargeback ombudsman police
anwalt rechtsanwalt klage verklagen gericht verbraucherzentrale anzeige polizei rechtliche_schritte
avocat tribunal porter_plainte poursuites plainte_pénale dgccrf justice huissier
abogad* demanda_judicial denuncia* juzgado tribunal* policía consumo_oficina acciones_legales
avvocat* tribunale denuncia* querela vie_legali polizia
advogad* processar tribunal procon denúncia polícia justiça
advocaat rechtbank aangifte consumentenbond juridische_stappen
prawnik* adwokat* sąd sądu pozew policj* rzecznik* uokik
avukat* dava mahkeme* tüketici_hakem* savcılık* şikayetvar polis
vəkil* məhkəmə* polis*
адвокат* юрист* суд суде подам_в_суд роспотребнадзор* прокуратур* полици* иск
محامي محكمه قضائي شكوي_رسميه حمايه_المستهلك الشرطه
律师 起诉 法院 消费者协会 12315 报警 投诉到
弁護士 訴え 裁判 消費者センター 警察
"""

DEADLINE = """
urgent* asap immediately right_now as_soon_as_possible emergency by_tomorrow before_tomorrow today wedding birthday
funeral
dringend* sofort eilig umgehend schnellstmöglich bis_morgen heute_noch geburtstag hochzeit
urgent* immédiatement au_plus_vite tout_de_suite avant_demain anniversaire mariage
urgente* inmediatamente cuanto_antes ahora_mismo cumpleaños boda
urgente* subito immediatamente al_più_presto compleanno matrimonio
urgente* imediatamente o_quanto_antes agora_mesmo aniversário casamento
dringend* onmiddellijk direct_nodig zo_snel_mogelijk spoed verjaardag bruiloft
piln* natychmiast jak_najszybciej urodziny ślub wesele
acil* hemen derhal bir_an_önce doğum_günü düğün
təcili dərhal ən_qısa toy
срочно немедленно как_можно_скорее день_рождения свадьб*
عاجل فورا حالا باسرع_وقت زفاف
紧急 马上 立刻 尽快 着急 生日 婚礼
至急 緊急 今すぐ 急いで 誕生日 結婚式
"""
